import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Finished } from '../testbeds/run-command.ts';
import { folderIn, type ArtifactsIn, type Configuration } from './configurations.ts';
import { listWithMlstow } from './exchange.ts';
import { askMlstow, mustRunMlstow, runMlstow } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import { filesOf, treeOf, type Tree } from './tree-of.ts';

/** A name that users give a file, and who has trouble with it. */
export interface OddName {
  readonly name: string;
  /** mlstow does not log it through a proxying server, which would store it under another name or nowhere. */
  readonly noProxy?: true;
  /** What a proxying server stores when the stock client logs it. */
  readonly stockProxyName?: string;
  /** Where the stock client lists it under another name, cannot read it or reads another file; mlstow warns. */
  readonly lostOn?: readonly ArtifactsIn[];
}

export const ODD_NAMES: readonly OddName[] = [
  { name: 'a b.txt' },
  { name: 'trailing blank ' },
  { name: ' leading blank', lostOn: ['local', 'proxy'] },
  { name: '50%.txt' },
  { name: '100%25.txt', noProxy: true, stockProxyName: '100%.txt', lostOn: ['local'] },
  { name: 'p%41.txt', noProxy: true, stockProxyName: 'pA.txt', lostOn: ['local'] },
  { name: 'folder%20one/x.txt', noProxy: true, stockProxyName: 'folder one/x.txt', lostOn: ['local'] },
  { name: 'a#b.txt', noProxy: true, stockProxyName: 'a', lostOn: ['local', 's3'] },
  { name: 'folder #1/x.txt', noProxy: true, stockProxyName: 'folder ', lostOn: ['local', 's3'] },
  { name: 'really?.txt', stockProxyName: 'really', lostOn: ['local', 'proxy', 's3'] },
  { name: 'ends with ?', noProxy: true, stockProxyName: 'ends with ', lostOn: ['local', 's3'] },
  { name: 'train:log.txt' },
  { name: 'Train:log.txt', lostOn: ['local', 'proxy'] },
  { name: '12:30.txt' },
  { name: 'a+b.txt' },
  { name: 'a&b=c.txt' },
  { name: 'semi;colon.txt' },
  { name: "it's.txt" },
  { name: 'say "hi".txt' },
  { name: '[x] {y} (z).txt' },
  { name: '$HOME `x` *.txt' },
  // Lost on Windows only.
  { name: 'back\\slash.txt', lostOn: [] },
  { name: 'caf\u00e9.txt' },
  { name: 'cafe\u0301.txt' },
  { name: '日本/模型.bin' },
  { name: 'party 🎉.txt' },
  { name: '.hidden' },
  { name: '.folder/.keep' },
  { name: '~' },
];

/** The names that mlstow refuses to log where artifacts are kept so. */
export function refusedIn(artifactsIn: ArtifactsIn): readonly OddName[] {
  return ODD_NAMES.filter(({ noProxy }) => artifactsIn === 'proxy' && noProxy);
}

/** The names that mlstow logs there. */
export function keptIn(artifactsIn: ArtifactsIn): readonly OddName[] {
  return ODD_NAMES.filter((each) => !refusedIn(artifactsIn).includes(each));
}

/** What a stock call gave, or the message of what it raised. */
export interface Told<T> {
  readonly value?: T;
  readonly error?: string;
}

export interface NameExchange {
  /** What each file holds, by name. */
  readonly texts: Readonly<Record<string, string>>;
  /** The files as they are on disk. */
  readonly source: Tree;
  /** mlstow logging, in one call, every name that it does not refuse here. */
  readonly logged: Finished;
  /** mlstow logging each name that it refuses here on its own. */
  readonly refused: Readonly<Record<string, Finished>>;
  /** mlstow reading its run again. */
  readonly ourListing: Readonly<Record<string, number>>;
  readonly ourDownload: Tree;
  /** The stock client listing that run and reading each name of it on its own, as text. */
  readonly theirListing: Told<Readonly<Record<string, number>>>;
  readonly theirReads: Readonly<Record<string, Told<string>>>;
  /** The stock client logging each name to a run of its own, and listing it. */
  readonly theirLogs: Readonly<Record<string, Told<null>>>;
  readonly theirRun: Told<Readonly<Record<string, number>>>;
  /** mlstow reading that run. */
  readonly theirsListed: Readonly<Record<string, number>>;
  readonly theirsDownloaded: Tree;
}

const SCRIPT = `
def read(name, number):
    local = mlflow.artifacts.download_artifacts(run_id=asked["ours"], artifact_path=name, dst_path=os.path.join(asked["target"], str(number)))
    with open(local, encoding="utf-8") as file:
        return file.read()

def log(run_id, name):
    client.log_artifact(run_id, os.path.join(asked["source"], name), os.path.dirname(name) or None)

def target(number):
    os.makedirs(os.path.join(asked["target"], str(number)))
    return number

run_id = client.create_run("0").info.run_id
answer = {
    "theirListing": told(lambda: sizes(asked["ours"])),
    "theirReads": {name: told(lambda: read(name, target(number))) for number, name in enumerate(asked["kept"])},
    "theirLogs": {name: told(lambda: log(run_id, name)) for name in asked["all"]},
    "theirRun": told(lambda: sizes(run_id)),
    "runId": run_id,
}
`;

async function makeFiles(
  folder: string,
  names: readonly OddName[],
): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {};
  for (const { name } of names) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    texts[name] = `what is in ${name}\n`;
    await writeFile(file, texts[name]);
  }
  return texts;
}

/** Each side logs files of odd names to a run of its own, then lists and downloads the other's. */
export async function exchangeNames(at: Configuration, artifactsIn: ArtifactsIn): Promise<NameExchange> {
  const place = { cwd: at.dir, env: at.env };
  const kept = keptIn(artifactsIn);
  const all = await folderIn(at, 'odd/all');
  const texts = await makeFiles(all, ODD_NAMES);
  await makeFiles(await folderIn(at, 'odd/kept'), kept);
  const ours = await askMlstow(['runs', 'create', '--experiment-id', '0'], place);
  const refused: Record<string, Finished> = {};
  for (const { name } of refusedIn(artifactsIn)) {
    const folder = await folderIn(at, `odd/alone/${Object.keys(refused).length}`);
    await makeFiles(folder, [{ name: 'fine.txt' }, { name }]);
    refused[name] = await runMlstow(['artifacts', 'log', `${folder}/`, '-r', ours], place);
  }
  const logged = await mustRunMlstow(['artifacts', 'log', `${join(at.dir, 'odd/kept')}/`, '-r', ours], place);
  const { runId: theirs, ...stock } = await askStock<
    Pick<NameExchange, 'theirListing' | 'theirReads' | 'theirLogs' | 'theirRun'> & { runId: string }
  >(at, SCRIPT, {
    ours,
    kept: kept.map(({ name }) => name),
    all: ODD_NAMES.map(({ name }) => name),
    source: all,
    target: await folderIn(at, 'odd/read by stock'),
  });
  const exchanged = {
    texts,
    source: filesOf(await treeOf(all)),
    logged,
    refused,
    ...stock,
    ourListing: await listWithMlstow(at, ['-r', ours]),
    ourDownload: await downloadWithMlstow(at, ours),
    theirsListed: await listWithMlstow(at, ['-r', theirs]),
    theirsDownloaded: await downloadWithMlstow(at, theirs),
  };
  await rm(join(at.dir, 'odd'), { recursive: true });
  return exchanged;
}

async function downloadWithMlstow(at: Configuration, runId: string): Promise<Tree> {
  const target = join(at.dir, 'odd', runId);
  await mustRunMlstow(['artifacts', 'download', '-r', runId, '-d', target], { cwd: at.dir, env: at.env });
  return treeOf(target);
}
