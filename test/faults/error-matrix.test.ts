import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mustRunCli } from '../cli/run-cli.ts';
import { freePort } from '../testbeds/bed.ts';
import { startListener, type Answer, type Listener } from '../testbeds/listener.ts';
import { makeTls } from '../testbeds/tls.ts';
import { makeWorkplace, type Workplace } from './error-matrix-place.ts';

let work: Workplace;
let deleted: string;
let closed: string;

beforeAll(async () => {
  work = await makeWorkplace();
  const at = { cwd: work.cwd };
  deleted = (await mustRunCli(['runs', 'create', '-x', work.experimentId, '-q'], at)).trim();
  await mustRunCli(['runs', 'delete', '-r', deleted], at);
  closed = `127.0.0.1:${await freePort()}`;
});
afterAll(async () => work.remove());

const LIST_S3 = ['artifacts', 'list', '-u', 's3://bucket/x'];
const KEYS = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_DEFAULT_REGION: 'us-east-1' };

describe('what is not there', () => {
  test.each(['log', 'list', 'download'])('artifacts %s names a missing run', async (verb) => {
    const args = ['artifacts', verb, ...(verb === 'log' ? ['file'] : []), '-r', 'f'.repeat(32)];
    await work.fails(args, { code: 5, says: ['f'.repeat(32), 'mlflow.db'], hint: 'run id' });
  });

  test('a run id with a character too few', async () => {
    const typo = work.runId.slice(1);
    await work.fails(['artifacts', 'log', 'file', '-r', typo], {
      code: 5,
      says: [`no run with id ${typo}`],
      hint: 'check the run id',
    });
  });

  test('a deleted run takes nothing', async () => {
    await work.fails(['artifacts', 'log', 'file', '-r', deleted], {
      code: 8,
      says: [`run ${deleted} is deleted`, 'nothing can be logged'],
      hint: `mlstow runs restore --run-id ${deleted}`,
    });
  });

  test('a path of the run that names nothing', async () => {
    await work.fails(['artifacts', 'download', '-r', work.runId, '-a', 'nowhere', '-d', 'out'], {
      code: 5,
      says: ['nowhere', 'nothing'],
      hint: 'mlstow artifacts list',
    });
  });

  test('an experiment whose name is taken', async () => {
    await work.fails(['experiments', 'create', '-n', 'taken'], {
      code: 8,
      says: ['"taken" exists already', `id ${work.experimentId}`],
      hint: '--if-not-exists',
    });
  });
});

describe('places that mlstow does not go to', () => {
  test.each([
    ['dbfs:/databricks/mlflow', 'Databricks'],
    ['gopher://host/x', '"gopher:" are not supported'],
  ])('%s', async (uri, says) => {
    await work.fails(['artifacts', 'list', '-u', uri], { code: 3, says: [says], hint: 's3, ' });
    await work.fails(['experiments', 'create', '-n', 'new', '-l', uri], {
      code: 3,
      says: [says],
      hint: 's3, ',
    });
  });

  test.each(['oracle://ml:secret@db/ml', 'databricks', 'databricks://profile'])(
    'the tracking URI %s',
    async (uri) => {
      await work.fails(
        ['experiments', 'search'],
        { code: 3, says: ['the tracking URI', uri.split(':')[0] ?? ''], hint: 'sqlite:///' },
        { MLFLOW_TRACKING_URI: uri },
      );
    },
  );
});

describe('settings that cannot be used', () => {
  test('a malformed one is named, with its value and its meaning', async () => {
    const env = { ...KEYS, MLFLOW_S3_IGNORE_TLS: 'maybe' };
    const says = ['MLFLOW_S3_IGNORE_TLS', 'maybe', 'true', 'false'];
    await work.fails(LIST_S3, { code: 3, says, hint: 'correct or remove MLFLOW_S3_IGNORE_TLS' }, env);
  });

  test('two that exclude each other', async () => {
    const env = { ...KEYS, MLFLOW_S3_IGNORE_TLS: 'true', AWS_CA_BUNDLE: '/etc/ca.pem' };
    const says = ['MLFLOW_S3_IGNORE_TLS and AWS_CA_BUNDLE', 'exclude each other'];
    await work.fails(LIST_S3, { code: 3, says, hint: 'unset MLFLOW_S3_IGNORE_TLS' }, env);
  });

  test('a missing file of authorities is named, and the setting that named it', async () => {
    const env = { ...KEYS, AWS_CA_BUNDLE: '/missing/ca.pem' };
    await work.fails(LIST_S3, { code: 3, says: ['/missing/ca.pem'], hint: 'AWS_CA_BUNDLE' }, env);
    const flags = [...LIST_S3, '--ca-file', '/missing/ca.pem'];
    await work.fails(flags, { code: 3, says: ['/missing/ca.pem'], hint: '--ca-file' }, KEYS);
    const tracking = {
      MLFLOW_TRACKING_URI: `https://${closed}`,
      MLFLOW_TRACKING_SERVER_CERT_PATH: '/no/ca.pem',
    };
    const told = { code: 3, says: ['/no/ca.pem'], hint: 'MLFLOW_TRACKING_SERVER_CERT_PATH' };
    await work.fails(['experiments', 'search'], told, tracking);
  });

  test('an endpoint without scheme', async () => {
    const env = { ...KEYS, MLFLOW_S3_ENDPOINT_URL: 'minio:9000' };
    await work.fails(
      LIST_S3,
      { code: 3, says: ['MLFLOW_S3_ENDPOINT_URL'], hint: 'MLFLOW_S3_ENDPOINT_URL' },
      env,
    );
  });
});

/** A tracking server that always gives one answer. */
async function answering(answer: Answer, judge: (server: Listener) => Promise<void>): Promise<void> {
  const server = await startListener(answer);
  try {
    await judge(server);
  } finally {
    await server.stop();
  }
}

const html =
  (status: number): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end('<!DOCTYPE html><html><head><title>Sign in</title></head><body>…</body></html>');
  };

describe('answers that do not help', () => {
  test.each([
    ['a login page with 200', html(200), 6, ['web page', 'Sign in', 'log in'], 'MLFLOW_TRACKING_TOKEN'],
    ['a page with 404', html(404), 3, ['no MLflow tracking API'], 'MLFLOW_TRACKING_URI'],
    ['a page with 403', html(403), 6, ['Sign in'], undefined],
  ] as const)('%s is asked for once and shown in a few words', async (_, answer, code, says, hint) => {
    await answering(answer, async (server) => {
      await work.fails(
        ['artifacts', 'log', 'file', '-r', work.runId],
        { code, says, hint },
        {
          MLFLOW_TRACKING_URI: server.url,
          MLFLOW_HTTP_REQUEST_MAX_RETRIES: '5',
        },
      );
      expect(server.requests).toHaveLength(2);
    });
  });

  test.each([
    [401, 'UNAUTHENTICATED', 6, 'MLFLOW_TRACKING_USERNAME'],
    [404, 'RESOURCE_DOES_NOT_EXIST', 5, undefined],
    [400, 'INVALID_PARAMETER_VALUE', 2, undefined],
  ] as const)('%i %s is not tried again', async (status, code, exit, hint) => {
    const answer: Answer = (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error_code: code, message: 'the server says why' }));
    };
    await answering(answer, async (server) => {
      const env = { MLFLOW_TRACKING_URI: server.url, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '5' };
      await work.fails(
        ['runs', 'get', '-r', work.runId],
        { code: exit, says: ['the server says why'], hint },
        env,
      );
      expect(server.requests).toHaveLength(2);
    });
  });

  test('a 503 is tried again as often as the setting says', async () => {
    const answer: Answer = (_, response) => {
      response.writeHead(503).end();
    };
    await answering(answer, async (server) => {
      const env = { MLFLOW_TRACKING_URI: server.url };
      await work.fails(['runs', 'get', '-r', work.runId], { code: 7, says: ['503'], hint: undefined }, env);
      expect(server.requests).toHaveLength(4);
    });
  });
});

describe('hosts that cannot be reached', () => {
  test.each([
    ['a closed port', () => `http://${closed}`, ['cannot be reached', 'nothing listens there']],
    ['a name that nobody knows', () => 'http://no-such-host.invalid', ['no-such-host.invalid', 'name']],
  ])('%s', async (_, url: () => string, says: string[]) => {
    const tracking = { code: 7, says, hint: undefined };
    await work.fails(['runs', 'get', '-r', work.runId], tracking, { MLFLOW_TRACKING_URI: url() });
    const s3 = { code: 7, says, hint: undefined };
    await work.fails(LIST_S3, s3, { ...KEYS, MLFLOW_S3_ENDPOINT_URL: url() });
  });

  test('a server whose authority nobody trusts', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mlstow-errors-tls-'));
    const tls = await makeTls(dir);
    const server = await startListener(undefined, tls);
    try {
      const says = ['certificate', 'not trusted'];
      const tracking = { code: 3, says, hint: 'MLFLOW_TRACKING_SERVER_CERT_PATH' };
      await work.fails(['runs', 'get', '-r', work.runId], tracking, { MLFLOW_TRACKING_URI: server.url });
      const s3 = { code: 3, says, hint: 'AWS_CA_BUNDLE' };
      await work.fails(LIST_S3, s3, { ...KEYS, MLFLOW_S3_ENDPOINT_URL: server.url });
      expect(server.requests).toEqual([]);
      await writeFile(join(work.cwd, 'empty.pem'), '');
      const empty = {
        ...KEYS,
        MLFLOW_S3_ENDPOINT_URL: server.url,
        AWS_CA_BUNDLE: join(work.cwd, 'empty.pem'),
      };
      await work.fails(LIST_S3, { code: 3, says: ['empty.pem', 'no PEM'], hint: 'AWS_CA_BUNDLE' }, empty);
    } finally {
      await Promise.all([server.stop(), rm(dir, { recursive: true })]);
    }
  });
});
