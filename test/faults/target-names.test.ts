import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { mustRunCli, runCli, type CliPlace } from '../cli/run-cli.ts';
import { temporaryFolder } from '../cli/temporary-folder.ts';
import { startNtfs, type NtfsBed } from '../testbeds/ntfs.ts';

// Runs only with MLSTOW_SOAK (vitest.config.ts): it mounts a file system through FUSE.
let bed: NtfsBed;
let place: CliPlace;
let runId: string;

beforeAll(async () => {
  bed = await startNtfs();
});

afterAll(async () => bed.stop());

beforeEach(async () => {
  const cwd = await temporaryFolder();
  place = { cwd, env: { MLFLOW_TRACKING_URI: 'sqlite:///runs.db' } };
  await mkdir(join(cwd, 'tree/d'), { recursive: true });
  for (const name of ['Notes', 'README', 'd/X', 'd/x', 'readme', 'É', 'é'])
    await writeFile(join(cwd, 'tree', name), name);
  await mustRunCli(['experiments', 'create', '-n', 'e'], place);
  runId = (await mustRunCli(['runs', 'create', '--experiment-name', 'e', '-q'], place)).trim();
  await mustRunCli(['artifacts', 'log', 'tree/', '-r', runId], place);
});

test('of two names that are one on the target the second is refused, naming both, and the first stays whole', async () => {
  const to = join(bed.folder, 'one');
  const { code, stderr } = await runCli(['artifacts', 'download', '-r', runId, '-d', to], place);
  expect(code).toBe(4);
  for (const [first, second] of [
    ['README', 'readme'],
    ['d/X', 'd/x'],
    ['É', 'é'],
  ])
    expect(stderr).toContain(
      `${second} and ${first} are one name to the file system of ${to}; only ${first} is fetched`,
    );
  expect(await readdir(to, { recursive: true })).toHaveLength(5);
  for (const name of ['Notes', 'README', 'd/X', 'É'])
    expect(await readFile(join(to, name), 'utf8')).toBe(name);
});

test('what is there under a name of another case counts as being there', async () => {
  const to = join(bed.folder, 'two');
  await mkdir(to);
  await writeFile(join(to, 'nOTES'), 'mine');
  const download = ['artifacts', 'download', '-r', runId, '-d', to, '--include', 'Notes', '--if-exists'];
  expect((await runCli([...download, 'fail'], place)).code).toBe(8);
  expect((await runCli([...download, 'skip'], place)).stderr).toMatch(/1 exists/);
  expect(await readFile(join(to, 'Notes'), 'utf8')).toBe('mine');
});
