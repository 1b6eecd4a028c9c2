import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeWholeFile } from '../../../src/core/whole-file.ts';

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'mlstow-whole-file-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

it('writes every piece, many or none', async () => {
  const dir = await folder();
  const lines = Array.from({ length: 30_000 }, (_, i) => `größe ${i}\n`);
  await writeWholeFile(join(dir, 'many'), lines);
  await writeWholeFile(join(dir, 'none'), []);
  expect(await readFile(join(dir, 'many'), 'utf8')).toBe(lines.join(''));
  expect(await readFile(join(dir, 'none'), 'utf8')).toBe('');
  expect((await readdir(dir)).toSorted()).toEqual(['many', 'none']);
});

it('keeps the old file when its text fails half way, and tells that failure as it is', async () => {
  const dir = await folder();
  const file = join(dir, 'kept');
  await writeFile(file, 'old');
  const broken = function* (): Generator<string> {
    yield 'x'.repeat(100_000);
    throw new RangeError('of the text');
  };
  await expect(writeWholeFile(file, broken())).rejects.toThrow(new RangeError('of the text'));
  expect(await readFile(file, 'utf8')).toBe('old');
  expect(await readdir(dir)).toEqual(['kept']);
});

it.each([
  ['missing/file', 'not-found', 'ENOENT', 'mkdir -p'],
  ['', 'wrong-kind', 'EISDIR', 'name another file'],
])('a file %j of a folder: %s', async (name, kind, code, hint) => {
  const file = join(await folder(), name);
  const failure = expect.objectContaining({ kind, message: `${file} cannot be written (${code})` }) as Error;
  await expect(writeWholeFile(file, ['text'])).rejects.toEqual(failure);
  await expect(writeWholeFile(file, ['text'])).rejects.toMatchObject({
    facts: { hint: expect.stringContaining(hint) as string },
  });
});
