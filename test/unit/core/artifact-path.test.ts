import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodePath,
  encodePath,
  isWithin,
  joinPath,
  nameOf,
  parentOf,
  parseArtifactPath,
  relativeTo,
  unsafeReason,
} from '../../../src/core/artifact-path.ts';
import { Failure } from '../../../src/core/failure.ts';
import { artifactPaths, segments } from './arbitraries.ts';

const RUNS = { numRuns: 1000 };

function encodeTimes(text: string, times: number): string {
  let encoded = text;
  for (let i = 0; i < times; i += 1) encoded = encodeURIComponent(encoded);
  return encoded;
}

const everything = (text: string): string =>
  Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

describe('parseArtifactPath', () => {
  it.each([
    'a',
    'model/MLmodel',
    '100%25.txt',
    '100%.txt',
    '50%.txt',
    'a%20b',
    'a%2fb',
    'a:b.txt',
    'Train:log.txt',
    '7/Train:log.txt',
    'http:x',
    'a b',
    'a#b',
    'a?b',
    'a;b',
    '...',
    '..a',
    'a..b',
    '.hidden',
    '~',
    '~root/x',
    'naïve/模型/😀.bin',
    'trailing ',
    'trailing.',
    '-rf',
    '%zz',
    '%',
    'e\u0301',
  ])('keeps %j as it is', (raw) => {
    expect(parseArtifactPath(raw)).toBe(raw);
  });

  it.each([
    ['', 'empty'],
    ['/', 'absolute'],
    ['/etc/passwd', 'absolute'],
    ['//proc/self/environ', 'absolute'],
    ['.', '"."'],
    ['./.', '"."'],
    ['./a', '"."'],
    ['a/.', '"."'],
    ['a/./../b', '"."'],
    ['..', '".."'],
    ['../x', '".."'],
    ['a/..', '".."'],
    ['a/..;x/b', '".."'],
    ['a/../b', '".."'],
    ['../../../../etc/passwd', '".."'],
    ['a//b', 'empty segment'],
    ['a/', 'empty segment'],
    ['\\..\\', 'absolute on Windows'],
    ['..\\x', '".."'],
    ['a\\..\\b', '".."'],
    ['a/..\\b', '".."'],
    ['\\\\host\\share', 'UNC'],
    ['\\x', 'absolute on Windows'],
    ['C:', 'drive'],
    ['C:x', 'drive'],
    ['C:/', 'drive'],
    ['C:\\x', 'drive'],
    ['c:/x', 'drive'],
    ['c:\\', 'drive'],
    ['a\0b', 'NUL'],
    ['a\rb', 'line break'],
    ['a\nb', 'line break'],
    ['.\t./x', '".."'],
    ['\t/etc', 'absolute'],
    ['\ud800', 'Unicode'],
    ['a/\udc00b', 'Unicode'],
    ['%2e', '"."'],
    ['%2e%2e/x', '".."'],
    ['%2E%2E%2Fx', '".."'],
    ['.%2e/x', '".."'],
    ['%252e%252e%252f', 'percent-decoded'],
    ['%252E%252E%252Fetc%252fpasswd', '".."'],
    ['..%5c', '".."'],
    ['..%255cx', '".."'],
    ['%2fetc/passwd', 'absolute'],
    ['%5c%5chost%5cshare', 'UNC'],
    ['C%3a/x', 'drive'],
    ['%00', 'NUL'],
    ['a%2500b', 'NUL'],
    ['%0d%0a', 'line break'],
    ['a%250ab', 'line break'],
    ['a%2f', 'empty segment'],
    ['a%2f%2fb', 'empty segment'],
    ['%c0%ae%c0%ae/x', 'overlong'],
    ['..%c0%afx', 'overlong'],
    ['%e0%80%ae%e0%80%ae/x', 'overlong'],
    ['%f0%80%80%ae/x', 'overlong'],
    ['%25c0%25ae', 'overlong'],
  ])('refuses %j and says why', (raw, why) => {
    expect(unsafeReason(raw)).toContain(why);
    expect(() => parseArtifactPath(raw)).toThrow(Failure);
  });

  it('counts ten levels of encoding and no more', () => {
    const nested = (levels: number): string => `%${'25'.repeat(levels - 1)}41`;
    expect(unsafeReason(nested(10))).toBeUndefined();
    expect(unsafeReason(nested(11))).toContain('more than 10');
  });

  it('shows no more than a part of a very long path', () => {
    const path = `../${'a'.repeat(4096)}`;
    expect(() => parseArtifactPath(path)).toThrow(/^.{0,300}$/);
  });

  it('is stricter on Windows', () => {
    expect(unsafeReason('a\\b', 'linux')).toBeUndefined();
    expect(unsafeReason('a\\b', 'win32')).toContain('backslash');
    expect(unsafeReason('a:b.txt', 'linux')).toBeUndefined();
    expect(unsafeReason('a:b.txt', 'win32')).toContain('drive');
  });

  it('refuses every attack in every encoding up to ten levels', () => {
    const attacks = fc.constantFrom(
      '../x',
      'a/../../b',
      '/etc/passwd',
      '..\\x',
      '\\\\h\\s',
      'C:\\x',
      'c:/',
      'a\0b',
      'a\r\nb',
      '.',
    );
    fc.assert(
      fc.property(attacks, fc.nat({ max: 9 }), fc.boolean(), (attack, times, bytes) => {
        expect(unsafeReason(encodeTimes(bytes ? everything(attack) : attack, times))).toBeDefined();
      }),
      RUNS,
    );
  });

  it('refuses a ".." segment wherever it stands', () => {
    fc.assert(
      fc.property(fc.array(segments), fc.array(segments), (before, after) => {
        expect(unsafeReason([...before, '..', ...after].join('/'))).toBeDefined();
      }),
      RUNS,
    );
  });

  it('never lets through what a decoder could turn into a way out', () => {
    const alphabet = fc.constantFrom(
      '.',
      '..',
      '/',
      '\\',
      '%',
      '2e',
      '2f',
      '5c',
      '25',
      '00',
      '0a',
      'a',
      'C:',
      '%2e',
      '%2f',
    );
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 10 }), (parts) => {
        const raw = parts.join('');
        if (unsafeReason(raw) !== undefined) return;
        for (let form = raw, i = 0; i < 12; i += 1) {
          expect(form.split(/[/\\]/)).not.toContain('..');
          expect(form).not.toMatch(/^[/\\]|[\0\r\n]/);
          form = form.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) =>
            String.fromCharCode(parseInt(hex, 16)),
          );
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('paths on the wire', () => {
  it.each([
    ['100%25.txt', '100%2525.txt'],
    ['a b/c#d?e', 'a%20b/c%23d%3Fe'],
    ['模型', '%E6%A8%A1%E5%9E%8B'],
    ['a:b', 'a%3Ab'],
  ])('encodes %j once as %s', (raw, wire) => {
    expect(encodePath(parseArtifactPath(raw))).toBe(wire);
  });

  it('comes back as it went, and holds nothing that a URL parser reads as structure', () => {
    fc.assert(
      fc.property(artifactPaths, (path) => {
        const wire = encodePath(path);
        expect(decodePath(wire)).toBe(path);
        expect(new URL(`http://h/root/${wire}`).pathname).toBe(`/root/${wire}`);
      }),
      RUNS,
    );
  });

  it.each(['%', 'a/%zz', '%ff', 'a%2Fb', '..%2Fx', '%2E%2E/x', '%2e%2e', 'a%00'])(
    'refuses %j from the wire',
    (wire) => {
      expect(() => decodePath(wire)).toThrow(Failure);
    },
  );
});

describe('path arithmetic', () => {
  it.each(['../x', '/x', 'a/../../x', '', '.', 'C:/x', '%2e%2e/x', 'x\n'])(
    'joins no listed name %j',
    (name) => {
      expect(() => joinPath(parseArtifactPath('under'), name)).toThrow(Failure);
      expect(() => joinPath('', name)).toThrow(Failure);
    },
  );

  it('takes a path apart and puts it together', () => {
    fc.assert(
      fc.property(artifactPaths, (path) => {
        expect(joinPath(parentOf(path), nameOf(path))).toBe(path);
        expect(isWithin(path, parentOf(path))).toBe(true);
        expect(relativeTo(parentOf(path), path)).toBe(nameOf(path));
      }),
      RUNS,
    );
  });

  it('is within by segments, not by text', () => {
    const [a, ab, below] = ['a', 'ab', 'a/b'].map(parseArtifactPath) as [never, never, never];
    expect(isWithin(ab, a)).toBe(false);
    expect(isWithin(below, a)).toBe(true);
    expect(isWithin(a, a)).toBe(true);
    expect(isWithin(a, '')).toBe(true);
    expect(isWithin('', a)).toBe(false);
    expect(relativeTo(a, a)).toBe('');
    expect(relativeTo('', below)).toBe('a/b');
    expect(relativeTo(a, below)).toBe('b');
    expect(() => relativeTo(a, ab)).toThrow(Failure);
  });

  it('refuses a relative path that is a drive of its own', () => {
    expect(() => relativeTo(parseArtifactPath('a'), parseArtifactPath('a/C:/x'))).toThrow(/drive letter/);
  });

  it('has no parent at the root', () => {
    expect(parentOf(parseArtifactPath('a'))).toBe('');
    expect(nameOf(parseArtifactPath('a/b'))).toBe('b');
  });
});
