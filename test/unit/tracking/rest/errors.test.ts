import { describe, expect, it } from 'vitest';
import { readServerError, retryAfterMs } from '../../../../src/net/mlflow-errors.ts';
import { answerFailure, strangeAnswer } from '../../../../src/tracking/rest/errors.ts';

const sentence = (body: string): string => readServerError(body).text;

const url = new URL('http://mlflow.example:5000/api/2.0/mlflow/runs/get?run_id=1');
const context = { subject: 'run 1', origin: 'http://mlflow.example:5000', now: 1_000_000 };

const failure = (status: number, body: string, headers: Record<string, string> = {}, feature?: string) =>
  answerFailure({ status, headers, url, body }, { ...context, ...(feature ? { feature } : {}) });
const coded = (status: number, code: string, message = 'It did not work.') =>
  failure(status, JSON.stringify({ error_code: code, message }));

describe('an error of MLflow', () => {
  it.each([
    [400, 'INVALID_PARAMETER_VALUE', 'invalid', 'never', 'none'],
    [400, 'BAD_REQUEST', 'invalid', 'never', 'none'],
    [400, 'RESOURCE_ALREADY_EXISTS', 'exists', 'never', 'none'],
    [401, 'UNAUTHENTICATED', 'unauthenticated', 'never', 'none'],
    [403, 'PERMISSION_DENIED', 'denied', 'never', 'none'],
    [404, 'RESOURCE_DOES_NOT_EXIST', 'not-found', 'never', 'none'],
    [404, 'ENDPOINT_NOT_FOUND', 'misconfigured', 'never', 'none'],
    [409, 'RESOURCE_CONFLICT', 'conflict', 'never', 'none'],
    [429, 'REQUEST_LIMIT_EXCEEDED', 'throttled', 'later', 'none'],
    [500, 'INVALID_STATE', 'conflict', 'never', 'none'],
    [500, 'FEATURE_DISABLED', 'unsupported', 'never', 'none'],
    [500, 'INTERNAL_ERROR', 'unavailable', 'later', 'unknown'],
    [500, 'DATA_LOSS', 'corrupt', 'never', 'unknown'],
    [501, 'NOT_IMPLEMENTED', 'unsupported', 'never', 'none'],
    [503, 'TEMPORARILY_UNAVAILABLE', 'unavailable', 'later', 'unknown'],
    [504, 'DEADLINE_EXCEEDED', 'timeout', 'later', 'unknown'],
    [418, 'NEVER_HEARD_OF', 'invalid', 'never', 'none'],
  ])('%d %s is %s, %s, effect %s', (status, code, kind, retry, effect) => {
    const told = coded(status, code);
    expect([told.kind, told.retry, told.effect]).toEqual([kind, retry, effect]);
    expect(told.facts.vendor).toMatchObject({ status, code });
    expect(told.facts.subject).toBe('run 1');
  });

  it('is told in one sentence', () => {
    const message =
      'Experiment(name=a) already exists. Error: (sqlite3)\n[SQL: INSERT INTO …]\n[parameters: x]';
    expect(coded(400, 'RESOURCE_ALREADY_EXISTS', message).message).toBe(
      'Experiment(name=a) already exists. Error: (sqlite3)',
    );
  });
});

describe('an error without a code', () => {
  it.each([
    [401, 'You are not authenticated. See docs.', 'unauthenticated', ': You are not authenticated. See docs'],
    [403, 'Permission denied', 'denied', ': Permission denied'],
    [400, '{"detail":"Invalid path."}', 'invalid', ': Invalid path'],
    [403, '{"message":"Missing Authentication Token"}', 'denied', ': Missing Authentication Token'],
    [408, '', 'timeout', ''],
    [
      413,
      '<html><head><title>413 Request Entity Too Large</title></head></html>',
      'too-large',
      ': 413 Request Entity Too Large',
    ],
    [502, '<html>\r\n<body><h1>502 Bad&nbsp;Gateway</h1></body></html>', 'unavailable', ': 502 Bad Gateway'],
    [503, 'Service Unavailable', 'unavailable', ': Service Unavailable'],
    [504, '[]', 'timeout', ''],
  ])('%d %j is %s', (status, body, kind, said) => {
    const message = `the tracking server mlflow.example:5000 answered ${status}${said}`;
    expect(failure(status, body).facts).toMatchObject({ kind, message });
  });

  it('names the flag when the server does not accept its host name', () => {
    const told = failure(403, 'Invalid Host header - possible DNS rebinding attack detected');
    expect(told.facts.hint).toBe('start the server with --allowed-hosts mlflow.example:5000');
  });

  it('names the way out of a workspace that the server does not know', () => {
    const told = coded(500, 'FEATURE_DISABLED', 'Workspace is not enabled');
    expect(told.facts.hint).toContain('MLFLOW_WORKSPACE');
  });

  it('of a page that is not there says that the base path is wrong, or what an old server lacks', () => {
    const page = '<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>';
    expect(failure(404, page).facts).toMatchObject({
      kind: 'misconfigured',
      message: 'there is no MLflow tracking API at http://mlflow.example:5000/api/2.0/mlflow/runs/get',
    });
    expect(failure(404, page, {}, 'logged models').facts).toMatchObject({
      kind: 'unsupported',
      message: 'this server has no logged models',
    });
  });

  it('that is a redirect names where to', () => {
    const moved = failure(301, '', {
      location: 'https://mlflow.example/api/2.0/mlflow/runs/get?token=s3cret',
    });
    expect(moved.facts).toMatchObject({
      kind: 'misconfigured',
      hint: 'set MLFLOW_TRACKING_URI to https://mlflow.example',
    });
    const login = failure(302, '', { location: 'https://sso.example/login?state=s3cret' });
    expect(login.kind).toBe('unauthenticated');
    expect(login.message).toContain('https://sso.example/login');
    expect(login.message).not.toContain('s3cret');
  });
});

describe('a good answer that is not JSON', () => {
  it('is a login page, or no MLflow server', () => {
    const page = '<!DOCTYPE html><html><head><title>Sign in &amp; go</title></head></html>';
    const login = strangeAnswer({ status: 200, headers: {}, url, body: page }, context);
    expect(login.kind).toBe('unauthenticated');
    expect(login.message).toContain('(Sign in & go)');
    expect(strangeAnswer({ status: 200, headers: {}, url, body: 'OK' }, context).kind).toBe('corrupt');
  });
});

describe('texts', () => {
  it('are one line, bounded and without secrets', () => {
    expect(sentence('x'.repeat(500))).toHaveLength(200);
    expect(sentence('\n\n  first   line.\nsecond')).toBe('first line');
    expect(sentence('cannot reach postgres://me:hunter2@db/x')).toBe('cannot reach postgres://me:***@db/x');
    expect(sentence('sent Bearer abcdef123456 there')).toBe('sent Bearer *** there');
    expect(sentence('?sig=abc%2F1&x=1')).toBe('?sig=***&x=1');
    expect(sentence('<html><script>var a</script><p>Hi <b>you</b></p>')).toBe('Hi you');
  });

  it.each([
    ['3', 3_000],
    ['0', 0],
    [new Date(1_005_000).toUTCString(), 5_000],
    [new Date(0).toUTCString(), 0],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('Retry-After %j is %s ms', (header, ms) => {
    expect(retryAfterMs(header, 1_000_000)).toBe(ms);
  });
});
