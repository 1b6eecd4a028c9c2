import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Configuration } from './configurations.ts';
import { askMlstow, mustRunMlstow } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import { treeOf, type Tree } from './tree-of.ts';

/** What one side found of a run that the other side logged. */
export interface Seen {
  /** Sizes in bytes by path, -1 for folders, as listed. */
  readonly listed: Readonly<Record<string, number>>;
  readonly downloaded: Tree;
}

/** A run as the stock client records or sees it. */
export interface StockRun {
  readonly runId: string;
  readonly experimentId: string;
  readonly experimentName: string;
  readonly location: string;
  readonly artifactUri: string;
  readonly status: string;
}

export interface Exchange {
  /** What mlstow said on stderr when it logged each tree, by the tree's name. */
  readonly said: Readonly<Record<string, string>>;
  readonly ours: { readonly experimentId: string; readonly runId: string; readonly singleUri: string };
  readonly theirs: StockRun;
  /** What the stock client sees of the run that mlstow made. */
  readonly oursToThem: StockRun & Seen;
  /** What mlstow sees of the run that the stock client made. */
  readonly theirsToUs: Seen;
}

const SCRIPT = `
def described(run):
    info, experiment = run.info, client.get_experiment(run.info.experiment_id)
    return {"runId": info.run_id, "experimentId": info.experiment_id, "experimentName": experiment.name, "status": info.status,
        "location": experiment.artifact_location, "artifactUri": info.artifact_uri}

ours = asked["ours"]
seen = {**described(client.get_run(ours)), "listed": sizes(ours)}
os.makedirs(asked["downloads"])
mlflow.artifacts.download_artifacts(run_id=ours, artifact_path="", dst_path=asked["downloads"])
experiment = client.create_experiment("made by stock MLflow")
run = client.create_run(experiment)
for name, folder in asked["trees"].items():
    client.log_artifacts(run.info.run_id, folder, name)
client.log_artifact(run.info.run_id, asked["single"])
client.log_artifact(run.info.run_id, asked["single"], "in/a folder")
client.set_terminated(run.info.run_id)
answer = {"seen": seen, "theirs": described(client.get_run(run.info.run_id))}
`;

/** `artifacts list -R --output json` as sizes by path. */
export async function listWithMlstow(
  at: Configuration,
  ask: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const place = { cwd: at.dir, env: at.env };
  const { stdout } = await mustRunMlstow(['artifacts', 'list', ...ask, '-R', '--output', 'json'], place);
  const { items } = JSON.parse(stdout) as {
    readonly items: readonly {
      readonly path: string;
      readonly is_dir: boolean;
      readonly file_size?: number;
    }[];
  };
  return Object.fromEntries(items.map((item) => [item.path, item.is_dir ? -1 : (item.file_size ?? -2)]));
}

/** `artifacts verify`, which must find both sides the same. */
async function verify(at: Configuration, ask: readonly string[], folder: string): Promise<void> {
  await mustRunMlstow(['artifacts', 'verify', ...ask, '--against', folder], { cwd: at.dir, env: at.env });
}

async function logOurs(at: Configuration, trees: Readonly<Record<string, string>>, single: string) {
  const place = { cwd: at.dir, env: at.env };
  const ask = (...args: string[]): Promise<string> => askMlstow(args, place);
  const experimentId = await ask('experiments', 'create', '-n', 'made by mlstow');
  const runId = await ask('runs', 'create', '--experiment-id', experimentId, '--status', 'running');
  const said: Record<string, string> = {};
  for (const [name, folder] of Object.entries(trees)) {
    said[name] = (await mustRunMlstow(['artifacts', 'log', folder, '-r', runId], place)).stderr;
  }
  const singleUri = await ask('artifacts', 'log', single, '-r', runId);
  await mustRunMlstow(['artifacts', 'log-artifact', '-l', single, '-r', runId, '-a', 'in/a folder'], place);
  await mustRunMlstow(['runs', 'finish', '--run-id', runId], place);
  return { said, ours: { experimentId, runId, singleUri } };
}

/**
 * Each side logs the same trees and one single file (also to `in/a folder`) to a run of its own, then lists and downloads
 * the other's. The stock client does its part in one process.
 */
export async function exchange(
  at: Configuration,
  trees: Readonly<Record<string, string>>,
  single: string,
): Promise<Exchange> {
  const { said, ours } = await logOurs(at, trees, single);
  const downloads = join(at.dir, 'downloaded by stock MLflow');
  const asked = { ours: ours.runId, trees, single, downloads };
  const { seen, theirs } = await askStock<{ seen: StockRun & Pick<Seen, 'listed'>; theirs: StockRun }>(
    at,
    SCRIPT,
    asked,
  );
  const oursToThem = { ...seen, downloaded: await treeOf(downloads) };
  await verify(at, ['-r', ours.runId], downloads);
  await rm(downloads, { recursive: true });
  for (const [name, folder] of Object.entries(trees)) {
    await verify(at, ['-r', theirs.runId, '-a', name], folder);
  }
  const target = join(at.dir, 'downloaded by mlstow');
  await mkdir(target);
  const listed = await listWithMlstow(at, ['-r', theirs.runId]);
  await mustRunMlstow(['artifacts', 'download', '-r', theirs.runId, '-d', target], {
    cwd: at.dir,
    env: at.env,
  });
  const theirsToUs = { listed, downloaded: await treeOf(target) };
  await rm(target, { recursive: true });
  return { said, ours, theirs, oursToThem, theirsToUs };
}
