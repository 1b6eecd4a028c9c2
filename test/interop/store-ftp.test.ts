import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArtifactStore, Entry } from '../../src/artifacts/store.ts';
import type { Io } from '../../src/core/io.ts';
import { bedFolder } from '../testbeds/bed.ts';
import { startPyftpd, startVsftpd, type FtpBed } from '../testbeds/ftp.ts';
import { connectTo, ftpUri, storeIn } from '../testbeds/ftp-store.ts';
import { pattern } from '../conformance/artifact-store/pattern.ts';
import type { Configuration } from './configurations.ts';
import { listWithMlstow } from './exchange.ts';
import { askMlstow, mustRunMlstow, runMlstow } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import { filesOf, sizesOf, treeOf, type Tree } from './tree-of.ts';

const io: Io = { signal: new AbortController().signal };

const FILES: Readonly<Record<string, Buffer>> = {
  'model/MLmodel': Buffer.from('flavors: {}\n'),
  'model/data/weights.bin': pattern(400_000),
  'model/data/deep/er/x': Buffer.from('x'),
  'größe ü/two words.txt': Buffer.from('two words'),
  '100%25 (1).txt': Buffer.from('percent'),
  empty: Buffer.alloc(0),
};

const STOCK = `
ours, theirs = asked["ours"], None
answer = {"listed": sizes(ours)}
os.makedirs(asked["downloads"])
mlflow.artifacts.download_artifacts(run_id=ours, artifact_path="", dst_path=asked["downloads"])
theirs = client.create_run(asked["experiment"]).info
client.log_artifacts(theirs.run_id, asked["tree"])
client.log_artifact(theirs.run_id, asked["single"], "in/a folder")
answer["theirs"] = theirs.run_id
answer["deleted"] = told(lambda: mlflow.store.artifact.artifact_repository_registry.get_artifact_repository(theirs.artifact_uri).delete_artifacts())
`;

async function everything(store: ArtifactStore): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const page of store.list('', { recursive: true }, io)) entries.push(...page);
  return entries;
}

describe.each([
  ['pyftpdlib', async () => startPyftpd()],
  // No limit on connections here: the stock client opens one per file at once and does not come back after a 421.
  ['vsftpd', async () => startVsftpd({})],
] as const)('stock MLflow and mlstow on one FTP server (%s)', (_name, start) => {
  let bed: FtpBed;
  let dir: string;
  let tree: string;
  const at = (): Configuration => ({
    dir,
    env: { MLFLOW_TRACKING_URI: `sqlite:///${join(dir, 'mlflow.db')}` },
    stop: async () => undefined,
  });
  const place = () => ({ cwd: dir, env: at().env });
  const ask = async (...args: string[]) => askMlstow(args, place());

  beforeAll(async () => {
    [bed, dir] = await Promise.all([start(), bedFolder('store-ftp')]);
    tree = join(dir, 'tree');
    for (const [name, bytes] of Object.entries(FILES)) {
      await mkdir(dirname(join(tree, name)), { recursive: true });
      await writeFile(join(tree, name), bytes);
    }
  });
  afterAll(async () => {
    await bed.stop();
    await rm(dir, { recursive: true, force: true });
  });

  async function downloaded(runId: string): Promise<Tree> {
    const target = join(dir, 'ours');
    await mkdir(target);
    await mustRunMlstow(['artifacts', 'download', '-r', runId, '-d', target], place());
    const found = await treeOf(target);
    await rm(target, { recursive: true });
    return found;
  }

  test('each reads what the other wrote, byte for byte; only mlstow deletes', async () => {
    const location = ftpUri(bed, 'experiments/one');
    const experiment = await ask('experiments', 'create', '-n', 'on ftp', '-l', location);
    const ours = await ask('runs', 'create', '--experiment-id', experiment, '--status', 'running');
    await mustRunMlstow(['artifacts', 'log', `${tree}/`, '-r', ours], place());
    const asked = {
      ours,
      experiment,
      tree,
      single: join(tree, 'empty'),
      downloads: join(dir, 'theirs'),
    };
    const stock = await askStock<{
      listed: Readonly<Record<string, number>>;
      theirs: string;
      deleted: { readonly error?: string };
    }>(at(), STOCK, asked);
    const whole = await treeOf(tree);
    expect(stock.listed).toEqual(sizesOf(whole));
    expect(filesOf(await treeOf(asked.downloads))).toEqual(filesOf(whole));
    expect(stock.deleted.error).toContain('Not implemented');

    const theirs = { ...filesOf(whole), 'in/a folder/empty': '0 bytes' };
    const listed = await listWithMlstow(at(), ['-r', stock.theirs]);
    expect(
      Object.keys(listed)
        .filter((path) => listed[path] !== -1)
        .toSorted(),
    ).toEqual(Object.keys(theirs).toSorted());
    const found = filesOf(await downloaded(stock.theirs));
    expect(found).toMatchObject(filesOf(whole));
    expect(Object.keys(found)).toContain('in/a folder/empty');

    const backend = connectTo(bed);
    const store = storeIn(backend, bed, `experiments/one/${stock.theirs}/artifacts`);
    const entries = (await everything(store)).toReversed();
    const batch = entries.map(
      ({ path, kind }) => ({ path, kind: kind === 'directory' ? kind : 'file' }) as const,
    );
    expect(await store.remove(batch, io)).toEqual([]);
    expect(await everything(store)).toEqual([]);
    await backend.close();
    expect(filesOf(await downloaded(ours))).toEqual(filesOf(whole));
  });

  test('a URI is listed and downloaded without a run; the password is never shown', async () => {
    const uri = ftpUri(bed, 'experiments/one');
    const { stdout, stderr } = await mustRunMlstow(['artifacts', 'list', '-u', uri, '--verbose'], place());
    expect(stdout.trim().split('\n').length).toBeGreaterThan(0);
    const wrong = uri.replace(/ftp:\/\/[^@]*@/, 'ftp://nobody:tops3cret@');
    const refused = await runMlstow(['artifacts', 'list', '-u', wrong], place());
    expect(refused.code).toBe(6);
    for (const secret of [bed.password, encodeURIComponent(bed.password), 'tops3cret'].filter(Boolean)) {
      expect(stdout + stderr + refused.stdout + refused.stderr).not.toContain(secret);
    }
  });
});

test('what is no FTP location is refused with an example of the right form', async () => {
  const dir = await bedFolder('store-ftp');
  for (const uri of [
    'ftp:host/path',
    'ftp://host/a?b',
    'ftp://host:99999/a',
    'ftp://host/a/../b',
    'ftp://u:p%0d%0aDELE@host/a',
  ]) {
    const { code, stderr } = await runMlstow(['artifacts', 'list', '-u', uri], { cwd: dir, env: {} });
    expect(code, uri).toBe(2);
    expect(stderr, uri).toMatch(/write|remove/);
  }
  await rm(dir, { recursive: true });
});
