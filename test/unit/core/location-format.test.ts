import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseArtifactPath } from '../../../src/core/artifact-path.ts';
import { Failure } from '../../../src/core/failure.ts';
import {
  appendToLocation,
  appendToUri,
  formatLocation,
  isBelow,
  localAmbiguity,
  parseLocation,
} from '../../../src/core/location.ts';
import { artifactPaths, fitsLocation, LOCATION_ROOTS as ROOTS } from './arbitraries.ts';

const RUNS = { numRuns: 1000 };

describe('formatLocation', () => {
  it.each([
    ['S3://b/k/', 's3://b/k'],
    ['s3://b', 's3://b'],
    ['hdfs:/a', 'hdfs:///a'],
    ['mlflow-artifacts:0/r', 'mlflow-artifacts:/0/r'],
    ['/mnt/my dir', '/mnt/my dir'],
    ['file:///mnt/nfs', '/mnt/nfs'],
    ['file:///a%2520b', 'file:///a%2520b'],
    ['/a#b', 'file:///a%23b'],
    ['./a:b', 'file:a%3Ab'],
    ['./mlruns', 'mlruns'],
  ])('writes %s as %s', (uri, text) => {
    expect(formatLocation(parseLocation(uri, 'linux'))).toBe(text);
  });

  it('is read back as the same location, for every scheme and name', () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...ROOTS), artifactPaths, (root, path) => {
        const uri = `${root}/${root === '' || root.startsWith('file') ? encodeURI(path).replace(/[?#;]/g, encodeURIComponent) : encodeURIComponent(path)}`;
        let location;
        try {
          location = parseLocation(uri, 'linux');
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Failure);
          refused += 1;
          return;
        }
        expect(parseLocation(formatLocation(location), 'linux')).toEqual(location);
      }),
      { numRuns: 3000 },
    );
    expect(refused).toBeLessThan(1500);
  });
});

describe('appendToLocation', () => {
  it.each([
    ['s3://b', 'a b', 's3://b/a b'],
    ['s3://b/p', '100%25', 's3://b/p/100%25'],
    ['mlflow-artifacts:/', 'a#b', 'mlflow-artifacts:/a%23b'],
    ['http://h/p', 'a%20b', 'http://h/p/a%2520b'],
    ['/', 'x', '/x'],
    ['.', 'x', 'x'],
    ['/p', 'a%20b', 'file:///p/a%2520b'],
    ['runs:/abc', 'model', 'runs:/abc/model'],
  ])('adds to %s the name %s', (root, name, text) => {
    expect(formatLocation(appendToLocation(parseLocation(root), parseArtifactPath(name)))).toBe(text);
  });

  it('adds several names, or none', () => {
    const root = parseLocation('s3://b/p');
    expect(appendToLocation(root)).toEqual(root);
    expect(appendToLocation(root, parseArtifactPath('1/2'), parseArtifactPath('artifacts')).path).toBe(
      'p/1/2/artifacts',
    );
  });

  it('refuses a name that the URI cannot hold', () => {
    expect(() => appendToLocation(parseLocation('s3://b'), parseArtifactPath('a#b'))).toThrow(Failure);
  });

  it('stays below where it started', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('/root', '.', 'http://h/p', 'mlflow-artifacts:/', 'abfss://f@a.dfs.core.windows.net'),
        artifactPaths,
        (root, path) => {
          fc.pre(fitsLocation(path) && !/^[A-Za-z]:/.test(path));
          const parent = parseLocation(root);
          const child = appendToLocation(parent, path);
          expect(isBelow(child, parent)).toBe(true);
          expect(isBelow(parent, child)).toBe(false);
          if (root === '/root') expect(child.path).toBe(`/root/${path}`);
        },
      ),
      RUNS,
    );
  });
});

describe('appendToUri', () => {
  it.each([
    ['s3://b/p?x=1', 'r', 's3://b/p/r?x=1'],
    ['s3://b/p#f', 'r', 's3://b/p/r#f'],
    ['s3:b', 'r', 's3:b/r'],
    ['file:a/b', '1', 'file:a/b/1'],
    ['mlflow-artifacts:/', '1', 'mlflow-artifacts:/1'],
    ['s3://b', 'r', 's3://b/r'],
    ['a/posix/path', '/some', 'a/posix/path/some'],
    ['hdfs:///x', 'r', 'hdfs:/x/r'],
    ['', '/r', '/r'],
  ])('%s + %s', (uri, path, result) => {
    expect(appendToUri(uri, path)).toBe(result);
  });

  it.each(['s3://b/p?x=../y', 's3://b/p?%2e%2e', 's3://b/p?%252e.'])('refuses %s', (uri) => {
    expect(() => appendToUri(uri, 'r')).toThrow(Failure);
  });
});

describe('isBelow', () => {
  it.each([
    ['s3://b/a/b', 's3://b/a', true],
    ['s3://b/a', 's3://b/a', true],
    ['s3://b/ab', 's3://b/a', false],
    ['s3://b/a', 's3://b', true],
    ['s3://bb/a', 's3://b', false],
    ['gs://b/a', 's3://b', false],
    ['/a/b', '/', true],
    ['/a/b', '.', false],
    ['a/b', '.', true],
    ['a', '/', false],
    ['sftp://u:p@H:22/a/b', 'sftp://u:q@h/a', true],
    ['sftp://v@h/a/b', 'sftp://u@h/a', false],
    ['http://h/a', 'http://h:80/', true],
    ['http://h:81/a', 'http://h/', false],
    ['wasbs://c@Acc.blob.core.windows.net/x', 'wasbs://c@acc.blob.core.windows.net', true],
    ['wasbs://c@bcc.blob.core.windows.net/x', 'wasbs://c@acc.blob.core.windows.net', false],
  ])('%s below %s: %s', (child, parent, expected) => {
    expect(isBelow(parseLocation(child), parseLocation(parent))).toBe(expected);
  });
});

describe('localAmbiguity', () => {
  it('tells what MLflow makes of a plain path with escapes', () => {
    expect(localAmbiguity('/a%20b')).toContain('"/a b"');
    expect(localAmbiguity('/50%')).toBeUndefined();
    expect(localAmbiguity('file:///a%20b')).toBeUndefined();
    expect(localAmbiguity('s3://b/a%20b')).toBeUndefined();
  });
});
