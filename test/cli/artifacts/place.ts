import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRunCli, runCli, type CliPlace, type CliResult } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** A database and a run, with a file, a folder and more to log. */
export interface ArtifactsPlace {
  readonly cwd: string;
  readonly runId: string;
  /** The artifact root of the run. */
  readonly root: string;
  run(args: readonly string[], more?: Partial<CliPlace>): Promise<CliResult>;
  must(args: readonly string[], more?: Partial<CliPlace>): Promise<string>;
  /** Every artifact, as `artifacts list -R -q` gives it. */
  listed(): Promise<readonly string[]>;
}

async function makeFiles(cwd: string): Promise<void> {
  await mkdir(join(cwd, 'model', 'data'), { recursive: true });
  await mkdir(join(cwd, 'model', 'void'));
  await writeFile(join(cwd, 'file.txt'), 'one');
  await writeFile(join(cwd, 'model', 'MLmodel'), 'flavors: {}\n');
  await writeFile(join(cwd, 'model', 'data', 'weights'), '12345');
  await writeFile(join(cwd, 'model', 'empty'), '');
}

/** Makes one, removed with its test. */
export async function artifactsPlace(): Promise<ArtifactsPlace> {
  const cwd = await temporaryFolder();
  await makeFiles(cwd);
  const root = join(await temporaryFolder(), 'store');
  const at = { cwd };
  const id = (await mustRunCli(['experiments', 'create', '-n', 'e', '-l', root, '-q'], at)).trim();
  const create = ['runs', 'create', '-x', id, '--status', 'running', '-q'];
  const runId = (await mustRunCli(create, at)).trim();
  const must = async (args: readonly string[], more: Partial<CliPlace> = {}) =>
    mustRunCli(args, { ...at, ...more });
  return {
    cwd,
    runId,
    root: join(root, runId, 'artifacts'),
    run: async (args, more = {}) => runCli(args, { ...at, ...more }),
    must,
    listed: async () =>
      (await must(['artifacts', 'list', '-R', '-r', runId, '-q'])).split('\n').filter((line) => line !== ''),
  };
}
