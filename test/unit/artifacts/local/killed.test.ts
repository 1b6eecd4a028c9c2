import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLocalStore } from '../../../../src/artifacts/stores/local/store.ts';
import { throughLayers } from '../../../conformance/artifact-store/open-case.ts';
import { filesOf } from '../../../conformance/artifact-store/pattern.ts';
import { buildWriter } from './build-writer.ts';
import { scratch } from './local-bed.ts';

const SIZE = 1_000_000;
const base = await scratch();
let script: string;
afterAll(async () => base.remove());
beforeAll(async () => {
  script = await buildWriter(base.path);
});

test.each([1, 2, 3, 4, 5, 6])('killed at any moment (%d), a name stands for a whole file', async (round) => {
  const root = join(base.path, `root-${round}`);
  const child = spawn(process.execPath, [script, root, String(SIZE), '1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await wait(round * 23);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  const names = await readdir(join(root, 'dir')).catch(() => []);
  const finished = names.filter((name) => !name.startsWith('.artifact.uploading.'));
  for (const name of finished) expect((await stat(join(root, 'dir', name))).size).toBe(SIZE);
  const listed = await filesOf(throughLayers(openLocalStore(root), root));
  expect(listed).toEqual(finished.map((name) => `dir/${name}`).toSorted());
});
