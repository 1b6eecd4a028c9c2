import { describe, expect, test } from 'vitest';
import {
  parseHumanListing,
  parseMachineListing,
} from '../../../../src/artifacts/stores/ftp/parse-listing.ts';

describe('MLSD', () => {
  test('kinds, sizes, times and marks; the directory itself and its parent are left out', () => {
    const { children, unread } = parseMachineListing(
      [
        'type=cdir;unique=1; /here',
        'Type=pdir;unique=2; ..',
        'type=file;size=1234;modify=20240102030405.678;unique=3; a b; c',
        'type=dir;modify=20240102030405;unique=4;  leading blank',
        'type=OS.unix=slink:/etc;size=4; link',
        'type=file;size=x; odd size',
        '',
      ].join('\r\n'),
    );
    expect(unread).toBe(0);
    const modified = new Date('2024-01-02T03:04:05Z');
    expect(children).toEqual([
      { name: 'a b; c', kind: 'file', size: 1234, modified, unique: '3' },
      { name: ' leading blank', kind: 'directory', modified, unique: '4' },
      { name: 'link', kind: 'other' },
      { name: 'odd size', kind: 'file' },
    ]);
  });

  test('a name that looks like another form of listing is a name', () => {
    const names = ['05-12-24 10:00 12 x', '-rw-r--r-- 1 a b 3 Jan 1 10:00 y', 'total 5', 'x 12 y'];
    const { children } = parseMachineListing(names.map((name) => `type=file;size=1; ${name}`).join('\n'));
    expect(children.map(({ name }) => name)).toEqual(names);
  });

  test.each(['no facts at all', 'size=1; name', 'type=file;size=1; a/b', 'type=file;'])(
    'a line in no known form is counted (%s)',
    (line) => {
      expect(parseMachineListing(`type=file;size=1; ok\n${line}\n`)).toMatchObject({ unread: 1 });
    },
  );
});

describe('LIST', () => {
  test('Unix: kinds, sizes, links without their targets', () => {
    const listing = parseHumanListing(
      [
        'total 12',
        'drwxr-xr-x    3 1000     1000         4096 Nov 21 04:40 .',
        'drwxr-xr-x    3 1000     1000         4096 Nov 21 04:40 ..',
        '-rw-r--r--    1 1000     1000            7 Nov 21 04:40 two words',
        'drwxr-xr-x    2 1000     1000         4096 Jan 01  2023 folder',
        'lrwxrwxrwx    1 1000     1000            4 Nov 21 04:40 link -> /etc',
      ].join('\r\n'),
    );
    expect(listing).toEqual({
      children: [
        { name: 'two words', kind: 'file', size: 7 },
        { name: 'folder', kind: 'directory' },
        { name: 'link', kind: 'other' },
      ],
      namesItself: true,
      unread: 0,
    });
  });

  test('DOS', () => {
    const text =
      '12-05-96  05:03PM       <DIR>          folder\r\n11-18-03  10:16AM              4521 a b.txt\r\n';
    expect(parseHumanListing(text).children).toEqual([
      { name: 'folder', kind: 'directory' },
      { name: 'a b.txt', kind: 'file', size: 4521 },
    ]);
  });

  test('a line that is not understood is counted, and an empty answer does not name the directory', () => {
    const text = 'what is this\n-rw-r--r-- 1 a b 7 Nov 21 04:40 x\n';
    expect(parseHumanListing(text)).toMatchObject({ unread: 1, namesItself: false });
    expect(parseHumanListing('')).toEqual({ children: [], namesItself: false, unread: 0 });
  });
});
