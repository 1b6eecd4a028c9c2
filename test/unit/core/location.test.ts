import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/core/failure.ts';
import { formatLocation, parseLocation } from '../../../src/core/location.ts';
import { LOCATION_ROOTS as ROOTS } from './arbitraries.ts';

const RUNS = { numRuns: 1000 };

describe('parseLocation', () => {
  it.each([
    ['s3://bucket/key/prefix', 's3', 'bucket', 'key/prefix'],
    ['S3://Bucket/Key/', 's3', 'Bucket', 'Key'],
    ['s3://bucket', 's3', 'bucket', ''],
    ['s3://b/a%20b', 's3', 'b', 'a%20b'],
    ['s3://b//a//b', 's3', 'b', '/a//b'],
    ['gs://b/100%', 'gs', 'b', '100%'],
    ['s3://b/100%/a b/模型', 's3', 'b', '100%/a b/模型'],
    ['wasbs://c@acc.blob.core.chinacloudapi.cn/p', 'wasbs', 'c@acc.blob.core.chinacloudapi.cn', 'p'],
    ['abfss://fs@acc.dfs.core.windows.net/a/b', 'abfss', 'fs@acc.dfs.core.windows.net', 'a/b'],
    ['ftp://u:p@h:21/a/b', 'ftp', 'u:p@h:21', 'a/b'],
    ['sftp:///a', 'sftp', '', 'a'],
    ['hdfs:/a/b', 'hdfs', '', 'a/b'],
    ['hdfs://nn:8020/a', 'hdfs', 'nn:8020', 'a'],
    ['viewfs://cluster/a', 'viewfs', 'cluster', 'a'],
    ['mlflow-artifacts:/', 'mlflow-artifacts', '', ''],
    ['mlflow-artifacts:/0/r/artifacts', 'mlflow-artifacts', '', '0/r/artifacts'],
    ['mlflow-artifacts:8080/0', 'mlflow-artifacts', '', '8080/0'],
    ['mlflow-artifacts:////x', 'mlflow-artifacts', '', '/x'],
    ['mlflow-artifacts://o:8080/0', 'mlflow-artifacts', 'o:8080', '0'],
    ['http://h:5000/api', 'http', 'h:5000', 'api'],
    ['runs:/abc/model', 'runs', '', 'abc/model'],
    ['models:/m/1', 'models', '', 'm/1'],
    ['file:///a/b', 'file', '', '/a/b'],
    ['FILE:///a', 'file', '', '/a'],
    ['file://localhost/a', 'file', '', '/a'],
    ['file:///a%20b', 'file', '', '/a b'],
    ['file:///a%2520b', 'file', '', '/a%20b'],
    ['file:///100%25', 'file', '', '/100%'],
    ['file:a/b', 'file', '', 'a/b'],
    ['/mnt/nfs/', 'file', '', '/mnt/nfs'],
    ['/', 'file', '', '/'],
    ['./mlruns', 'file', '', 'mlruns'],
    ['.', 'file', '', '.'],
    ['//proc/self', 'file', '', '/proc/self'],
    ['/a/./b//c', 'file', '', '/a/b/c'],
    ['/a%20b', 'file', '', '/a b'],
    ['/50%', 'file', '', '/50%'],
    ['/run #1/what?', 'file', '', '/run #1/what?'],
    ['~/x', 'file', '', '~/x'],
  ])('reads %s', (uri, scheme, authority, path) => {
    expect(parseLocation(uri, 'linux')).toMatchObject({ scheme, authority, path });
  });

  it.each([
    ['', 'empty'],
    [' s3://b/x', 'blank'],
    ['/x ', 'blank'],
    ['http:///?/../../../../etc/', 'query'],
    ['http:///#/../../../etc/', 'fragment'],
    ['s3://b/p?x=1', 'query'],
    ['s3://b/p#f', 'fragment'],
    ['s3://b?versionId=1', 'query'],
    ['file:///a?b', 'query'],
    ['file:///a#b', 'fragment'],
    ['mlflow-artifacts:/a;/../b', 'parameters'],
    ['http://h/a;b', 'parameters'],
    ['ftp://h/a;type=i', 'parameters'],
    ['s3://b/..;x/y', '".."'],
    ['file://evil.example/etc', 'host'],
    ['file://127.0.0.1/etc', 'host'],
    ['file://C:/x', 'host'],
    ['file:', 'no path'],
    ['file://localhost', 'no path'],
    ['../../../etc', '".."'],
    ['/a/../b', '".."'],
    ['file:///a/../b', '".."'],
    ['file:../x', '".."'],
    ['s3://b/../c', '".."'],
    ['s3://b/a/%2e%2e/c', '".."'],
    ['s3://b/a/%252E%252E%252Fc', '".."'],
    ['/a/%2e%2e/b', '".."'],
    ['file:///a/%252e%252e/b', '".."'],
    ['mlflow-artifacts:/..', '".."'],
    ['runs:/abc/../def', '".."'],
    ['models:/m/1/../../x', '".."'],
    ['s3://../x', 'form'],
    ['http://../x', 'form'],
    ['/a\\..\\b', 'backslash'],
    ['\\\\host\\share', 'backslash'],
    ['s3://b\\..\\c/x', 'backslash'],
    ['http://good\\@evil/x', 'backslash'],
    ['file:///a%5c..%5cb', '".."'],
    ['/a%5cb', 'backslash'],
    ['s3://b/a\nb', 'control'],
    ['s3://b/a%0ab', 'control'],
    ['s3://b/a%2500', 'control'],
    ['/a%00b', 'control'],
    ['file:///a%09b', 'control'],
    ['\ud800', 'Unicode'],
    ['s3://b/%c0%ae%c0%ae/x', 'overlong'],
    ['/%ff', 'UTF-8'],
    ['s3://b/./x', '"." segment'],
    ['http://h/a/%2e/b', '"." segment'],
    ['s3://b/a//', 'slash'],
    ['s3://b/a /', 'blank'],
    ['C:\\x', 'Windows'],
    ['c:/x', 'Windows'],
    ['file:///C:/x', 'Windows'],
    ['s3:b', 'form'],
    ['s3:///key', 'form'],
    ['s3://key:secret@bucket/x', 'form'],
    ['http:///x', 'form'],
    ['http://h:99999/', 'form'],
    ['http://h:5000:1/', 'form'],
    ['http://a%2f@b%2fc/', 'form'],
    ['ftp:x', 'form'],
    ['ftp://u%0d%0aDELE%20x:p@h/x', 'form'],
    ['mlflow-artifacts://8080/x', 'form'],
    ['wasbs://c@acc.blob.core.windows.net.evil.example/x', 'form'],
    ['wasbs://c@acc.blob.core.windows.net:10000/x', 'form'],
    ['wasbs://acc.blob.core.windows.net/x', 'form'],
    ['abfss://acc.dfs.core.windows.net/x', 'form'],
    ['abfss://fs@acc/x', 'form'],
    ['r2://b@evil.example/x', 'form'],
    ['r2://b@x@acc.r2.cloudflarestorage.com/x', 'form'],
    ['b2://b@s3.r.backblazeb2.com.evil.example/x', 'form'],
    ['runs:/', 'no run'],
    ['runs://x@databricks/abc', 'form'],
    ['runs:abc', 'form'],
    ['models:/', 'no model'],
    ['models:/m@', 'alias'],
    ['models:/@a', 'alias'],
    ['models:/m/ ', 'blank'],
  ])('refuses %j', (uri, why) => {
    expect(() => parseLocation(uri, 'linux')).toThrow(Failure);
    expect(() => parseLocation(uri, 'linux')).toThrow(new RegExp(why.replace(/[.]/g, '\\.')));
  });

  it.each([
    'dbfs:/x',
    'wasb://c@a/x',
    'abfs://c@a/x',
    'minio://x',
    'smb://h/x',
    'javascript:alert(1)',
    'foo:bar',
  ])('does not support %s and says what it does', (uri) => {
    const thrown = catchFailure(() => parseLocation(uri));
    expect(thrown.kind).toBe('unsupported');
    expect(thrown.facts.hint).toContain('s3');
  });

  it('never shows a password, in a location or in a refusal', () => {
    for (const root of [
      'ftp://u:hunter2@h',
      'sftp://u:hunter2@h',
      'https://u:hunter2@h',
      'hdfs://u:hunter2@h',
    ]) {
      expect(parseLocation(`${root}/x`).redacted).not.toContain('hunter2');
      expect(parseLocation(`${root}/x`).redacted).toContain('***');
      const { facts } = catchFailure(() => parseLocation(`${root}/../x`));
      expect(JSON.stringify(facts)).not.toContain('hunter2');
    }
    const bucket = catchFailure(() => parseLocation('s3://key:hunter2@bucket/x'));
    expect(JSON.stringify(bucket.facts)).not.toContain('hunter2');
  });

  it('knows Windows paths on Windows', () => {
    for (const uri of ['C:\\ml\\runs', 'C:/ml/runs', 'file:///C:/ml/runs', 'C:\\ml\\.\\runs\\']) {
      const location = parseLocation(uri, 'win32');
      expect(location).toMatchObject({ scheme: 'file', authority: '', path: 'C:/ml/runs' });
      expect(formatLocation(location)).toBe('file:///C:/ml/runs');
      expect(parseLocation(formatLocation(location), 'win32')).toEqual(location);
    }
    for (const uri of ['C:x', 'C:', 'C:\\a\\..\\b', '\\\\host\\share', 'file://host/share']) {
      expect(() => parseLocation(uri, 'win32')).toThrow(Failure);
    }
  });

  it('refuses a way out in every scheme and encoding', () => {
    const up = fc.constantFrom(
      '..',
      '%2e%2e',
      '.%2E',
      '%252e%252e',
      '%25252e.',
      '..%2f..',
      'x%2f..',
      '..\\x',
      '..%5cx',
      '..;a',
      '%c0%ae%c0%ae',
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...ROOTS),
        fc.array(fc.stringMatching(/^[a-z]{1,3}$/)),
        up,
        fc.boolean(),
        (root, before, out, more) => {
          const uri = [root, 'x', ...before, out, ...(more ? ['y'] : [])].join('/');
          expect(() => parseLocation(uri)).toThrow(Failure);
        },
      ),
      RUNS,
    );
  });

  it('refuses any query and fragment where a URI has a scheme', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ROOTS.slice(0, -1)),
        fc.constantFrom('?', '#'),
        fc.string(),
        (root, mark, text) => {
          expect(() => parseLocation(`${root}/a${mark}${text}`)).toThrow(Failure);
        },
      ),
      RUNS,
    );
  });

  it('throws nothing but Failure, whatever the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(fc.constantFrom(...ROOTS), fc.string()).map(([root, rest]) => `${root}/${rest}`),
      fc
        .tuple(fc.constantFrom('s3', 'ftp', 'file', 'models', 'http', 'c'), fc.string())
        .map(([s, rest]) => `${s}://${rest}`),
    );
    fc.assert(
      fc.property(text, (uri) => {
        let location;
        try {
          location = parseLocation(uri, 'linux');
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Failure);
          return;
        }
        expect(parseLocation(formatLocation(location), 'linux')).toEqual(location);
      }),
      { numRuns: 5000 },
    );
  });
});

function catchFailure(act: () => unknown): Failure {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
  }
  throw new Error('no Failure was thrown');
}
