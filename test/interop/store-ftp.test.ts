import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Io } from '../../src/core/io.ts';
import { bedFolder } from '../testbeds/bed.ts';
import { startPyftpd, startVsftpd, type FtpBed } from '../testbeds/ftp.ts';
import { connectTo, ftpUri, storeIn } from '../testbeds/ftp-store.ts';
import type { Configuration } from './configurations.ts';
import { listWithMlstow } from './exchange.ts';
import { askMlstow, mustRunMlstow, runMlstow } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import { downloadRun, removalsOf, RUN_FILES, writeFiles } from './store-exchange.ts';
import { filesOf, sizesOf, treeOf } from './tree-of.ts';

const io: Io = { signal: new AbortController().signal };

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
    await writeFiles(tree, RUN_FILES);
  });
  afterAll(async () => {
    await bed.stop();
    await rm(dir, { recursive: true, force: true });
  });

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
    const found = filesOf(await downloadRun(place(), stock.theirs));
    expect(found).toMatchObject(filesOf(whole));
    expect(Object.keys(found)).toContain('in/a folder/empty');

    const backend = connectTo(bed);
    const store = storeIn(backend, bed, `experiments/one/${stock.theirs}/artifacts`);
    expect(await store.remove(await removalsOf(store), io)).toEqual([]);
    expect(await removalsOf(store)).toEqual([]);
    await backend.close();
    expect(filesOf(await downloadRun(place(), ours))).toEqual(filesOf(whole));
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
