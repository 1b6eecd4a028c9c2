import { appendFile, mkdir, mkdtemp, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bytesSource, fileSource, type FileIdentity } from '../../../src/artifacts/sources.ts';
import type { Source } from '../../../src/artifacts/store.ts';
import { Failure } from '../../../src/core/failure.ts';
import { expectFailure } from '../../conformance/artifact-store/expect-failure.ts';

const { signal } = new AbortController();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlstow-sources-'));
});
afterEach(async () => rm(folder, { recursive: true }));

async function identityOf(file: string): Promise<FileIdentity> {
  const { size, mtimeMs, ino } = await stat(file);
  return { file, size, mtimeMs, ino };
}

async function planned(content: string): Promise<FileIdentity> {
  const file = join(folder, 'file');
  await writeFile(file, content);
  return identityOf(file);
}

type Reading = (source: Source, stop?: AbortSignal) => Promise<string>;

const ways: readonly (readonly [string, Reading])[] = [
  [
    'as a stream',
    async (source, stop = signal) => {
      const chunks = (await (await source.open(0, stop)).toArray()) as Buffer[];
      return Buffer.concat(chunks).toString();
    },
  ],
  ['at once', async (source, stop = signal) => Buffer.from(await source.bytes!(stop)).toString()],
];

describe.each(ways)('a file %s', (_, read) => {
  test('gives its bytes, or those of a range', async () => {
    const identity = await planned('0123456789');
    expect(await read(fileSource(identity, {}))).toBe('0123456789');
    expect(await read(fileSource(identity, {}, { offset: 2, size: 5 }))).toBe('23456');
  });

  test('may be empty', async () => {
    expect(await read(fileSource(await planned(''), {}))).toBe('');
  });

  test.each<readonly [string, (file: string) => Promise<unknown>]>([
    ['grew', async (file) => appendFile(file, 'more')],
    ['shrank', async (file) => truncate(file, 3)],
    ['was emptied', async (file) => truncate(file, 0)],
    ['was written again', async (file) => utimes(file, 1, 1)],
    [
      'is another one',
      async (file) => {
        const { atime, mtime } = await stat(file);
        await writeFile(`${file}2`, '0123456789');
        await utimes(`${file}2`, atime, mtime);
        await rename(`${file}2`, file);
      },
    ],
  ])('that %s since it was planned fails, naming it', async (_what, change) => {
    const identity = await planned('0123456789');
    await change(identity.file);
    for (const source of [fileSource(identity, {}), fileSource(identity, {}, { offset: 0, size: 2 })]) {
      const failure = await expectFailure(read(source), 'changed');
      expect(failure.message).toContain(identity.file);
    }
  });

  test('that is gone, or no file, is told', async () => {
    const identity = await planned('0123456789');
    await rm(identity.file);
    await expectFailure(read(fileSource(identity, {})), 'not-found');
    await mkdir(identity.file);
    const folderAsFile = await identityOf(identity.file);
    const failure = await expectFailure(read(fileSource(folderAsFile, {})), 'unavailable');
    expect(failure.message).toContain(identity.file);
  });

  test('is not read once it was stopped', async () => {
    const stop = AbortSignal.abort(new Failure({ kind: 'deadline', message: 'the time is up', subject: '' }));
    await expectFailure(read(fileSource(await planned('0123456789'), {}), stop), 'deadline');
  });
});

test.each(ways)('bytes %s are those bytes', async (_, read) => {
  expect(await read(bytesSource(Buffer.from('abc')))).toBe('abc');
});
