import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolveProxyUrl } from '../../../../src/artifacts/stores/proxy/resolve-proxy-url.ts';
import { Failure } from '../../../../src/core/failure.ts';

const SERVICE = '/api/2.0/mlflow-artifacts/artifacts';
const segment = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/);
const path = fc.array(segment, { maxLength: 4 });
const host = fc.constantFrom('h', 'h:5000', 'mlflow.example.com', '[::1]:8080');

test('the server is the one named or the tracking server, by its scheme and below its path', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('http', 'https'),
      host,
      path,
      fc.option(host, { nil: '' }),
      path,
      fc.constantFrom('', '/', '//'),
      (scheme, tracking, prefix, named, segments, end) => {
        const base = `${scheme}://${[tracking, ...prefix].join('/')}`;
        const artifact = `mlflow-artifacts:${named === '' ? '' : `//${named}`}/${segments.join('/')}`;
        const url = resolveProxyUrl(artifact, base + end);
        expect(url.origin).toBe(new URL(`${scheme}://${named === '' ? tracking : named}`).origin);
        const before = prefix.map((each) => `/${each}`).join('');
        expect(url.pathname).toBe(before + SERVICE + segments.map((each) => `/${each}`).join(''));
      },
    ),
  );
});

test.each([
  ['mlflow-artifacts:/', 'http://h/pfx', `http://h/pfx${SERVICE}`],
  [`mlflow-artifacts:${SERVICE}`, 'http://h/pfx', `http://h/pfx${SERVICE}`],
  ['mlflow-artifacts:8080/0', 'http://h', `http://h${SERVICE}/8080/0`],
  ['mlflow-artifacts:/0/a b', 'http://user:secret@h', `http://h${SERVICE}/0/a%20b`],
  ['mlflow-artifacts://u:secret@o/0', 'http://h', `http://o${SERVICE}/0`],
  [`https://h/x${SERVICE}/0/r/`, 'http://elsewhere', `https://h/x${SERVICE}/0/r`],
])('%s with %s is %s', (artifact, tracking, expected) => {
  expect(resolveProxyUrl(artifact, tracking).href).toBe(expected);
});

test.each(['sqlite:///mlflow.db', './mlruns', 'postgresql://u:secret@h/db'])(
  'a tracking URI that is no server (%s) is misconfigured, without its password',
  (tracking) => {
    const resolve = () => resolveProxyUrl('mlflow-artifacts:/0', tracking);
    expect(resolve).toThrow(Failure);
    expect(resolve).toThrow(/not an http\(s\) one/);
    expect(resolve).not.toThrow(/secret/);
  },
);
