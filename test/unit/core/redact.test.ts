import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactUri } from '../../../src/core/redact.ts';

describe('redactUri', () => {
  it.each([
    ['http://user:s3cret@host:5000/path', 'http://user:***@host:5000/path'],
    ['ftp://u:p%40ss@h/a/b', 'ftp://u:***@h/a/b'],
    ['ftp://u:p@ss@h/a/b', 'ftp://u:***@h/a/b'],
    ['http://:onlypass@h', 'http://:***@h'],
    ['postgresql+psycopg2://ml:pa/ss@db:5432/x', 'postgresql+psycopg2://ml:***@db:5432/x'],
    ['ftp://u:p#ss@h/a', 'ftp://u:***@h/a'],
    ['proxy is user:pw@proxy:3128', 'proxy is user:***@proxy:3128'],
    ['user:pw@proxy:3128', 'user:***@proxy:3128'],
    [
      'cannot reach sftp://a:b@c/d, then sftp://e:f@g/h',
      'cannot reach sftp://a:***@c/d, then sftp://e:***@g/h',
    ],
    [
      'https://a.blob.core.windows.net/c/b?sv=1&sig=abc%2F&se=2',
      'https://a.blob.core.windows.net/c/b?sv=1&sig=***&se=2',
    ],
    [
      'https://b.s3.amazonaws.com/k?X-Amz-Signature=ff00&X-Amz-Security-Token=tt&x=1',
      'https://b.s3.amazonaws.com/k?X-Amz-Signature=***&X-Amz-Security-Token=***&x=1',
    ],
    [
      'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=Zm9v+/==;EndpointSuffix=x',
      'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=***;EndpointSuffix=x',
    ],
    [
      'BlobEndpoint=https://a/;SharedAccessSignature=sv=1&sig=zzz&se=3',
      'BlobEndpoint=https://a/;SharedAccessSignature=***',
    ],
    ['webhdfs?op=OPEN&delegation=HAAE', 'webhdfs?op=OPEN&delegation=***'],
    ['Authorization: Bearer abcdef123', 'Authorization: Bearer ***'],
    ['Bearer\tabcdef123', 'Bearer\t***'],
    ['mysql://db/x?user=a&password=hunter2', 'mysql://db/x?user=a&password=***'],
  ])('%s', (text, shown) => {
    expect(redactUri(text)).toBe(shown);
  });

  it.each([
    's3://bucket/a:b@c/d',
    'wasbs://container@account.blob.core.windows.net/p',
    'sftp://user@host:22/p',
    'http://host:5000/files/icon@2x.png',
    'http://[::1]:5000/a@b',
    'models:/name@alias',
    '/local/path@x',
    'sqlite:////data/mlflow.db',
    'https://h/p?design=1&tokens=3',
    'Basic auth is set',
  ])('keeps %s', (text) => {
    expect(redactUri(text)).toBe(text);
  });

  it('never shows a password, whatever the scheme, user and password', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
    const password = fc.stringMatching(/^[A-Z!$&'()*+,;=%._~-]{6,20}$/);
    fc.assert(
      fc.property(word, word, password, word, (scheme, user, secret, host) => {
        const shown = redactUri(`see ${scheme}://${user}:${secret}@${host}/p now`);
        expect(shown).not.toContain(secret);
        expect(redactUri(shown)).toBe(shown);
      }),
    );
  });
});
