import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { FailureFacts } from '../../src/core/failure.ts';
import { buildWriter } from '../unit/artifacts/local/build-writer.ts';
import { scratch } from '../unit/artifacts/local/local-bed.ts';

const base = await scratch();
const script = await buildWriter(base.path);
afterAll(async () => base.remove());

/** Runs the writer on a mount that only it sees, and gives its last line and what is then on the mount. */
function writeOn(mount: string): { readonly facts: FailureFacts; readonly files: readonly string[] } {
  const root = join(base.path, 'root');
  const steps = [
    `mkdir -p ${root}`,
    mount.replaceAll('ROOT', root),
    `${process.execPath} ${script} ${root} 300000 0`,
  ];
  const shell = [...steps, 'echo ---', `find ${root} -type f -printf '%f %s\\n'`].join(' && ');
  const output = execFileSync('sh', ['-c', 'unshare --map-root-user --mount sh -c "$0"', shell], {
    encoding: 'utf8',
  });
  const [written = '', listed = ''] = output.split('---\n');
  const facts = JSON.parse(written.trim().split('\n').at(-1) ?? '') as FailureFacts;
  return { facts, files: listed.split('\n').filter((line) => line !== '') };
}

test('40. a full disk is no-space, what was written stays whole and nothing else is left', () => {
  const { facts, files } = writeOn('mount -t tmpfs -o size=1m tmpfs ROOT');
  expect(facts).toMatchObject({ kind: 'no-space', vendor: { code: 'ENOSPC' } });
  expect(files.toSorted()).toEqual(['file-0 300000', 'file-1 300000', 'file-2 300000']);
});

test('a disk without room for one more name is no-space too', () => {
  const { facts, files } = writeOn('mount -t tmpfs -o size=10m,nr_inodes=4 tmpfs ROOT');
  expect(facts).toMatchObject({ kind: 'no-space' });
  expect(files.toSorted()).toEqual(['file-0 300000', 'file-1 300000']);
});

test('a read-only mount is denied', () => {
  const { facts, files } = writeOn('mount -t tmpfs -o ro tmpfs ROOT');
  expect(facts).toMatchObject({ kind: 'denied', vendor: { code: 'EROFS' } });
  expect(files).toEqual([]);
});
