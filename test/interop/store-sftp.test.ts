import { appendFile, chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bedFolder } from '../testbeds/bed.ts';
import { makeKey, sftpPythonPath, startSshd, type Sshd } from '../testbeds/sshd.ts';
import { askMlstow, mustRunMlstow, runMlstow, type Place } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import { filesOf, treeOf, type Tree } from './tree-of.ts';

let sshd: Sshd;
let place: Place;
let location = '';
let source = '';
let tree: Tree = {};
let run = '';

/** pysftp knows RSA keys only, and looks hosts up without their port. */
async function suitPysftp({ home, dir, port }: Sshd): Promise<void> {
  const key = join(home, '.ssh', 'id_rsa');
  await makeKey(key, 'rsa');
  await appendFile(join(dir, 'authorized_keys'), await readFile(`${key}.pub`));
  await writeFile(join(home, '.ssh', 'config'), 'Host 127.0.0.1\n  IdentityFile ~/.ssh/id_rsa\n');
  const known = await readFile(join(home, '.ssh', 'known_hosts'), 'utf8');
  await appendFile(join(home, '.ssh', 'known_hosts'), known.replaceAll(`[127.0.0.1]:${port}`, '127.0.0.1'));
}

beforeAll(async () => {
  sshd = await startSshd();
  await suitPysftp(sshd);
  const served = join(sshd.dir, 'served');
  await mkdir(served);
  await chmod(served, 0o777);
  const dir = await bedFolder('store-sftp');
  place = {
    cwd: dir,
    env: {
      HOME: sshd.home,
      MLFLOW_TRACKING_URI: `sqlite:///${join(dir, 'mlflow.db')}`,
      PYTHONPATH: await sftpPythonPath(),
    },
  };
  source = join(dir, 'model');
  await mkdir(join(source, 'deep', 'er'), { recursive: true });
  await writeFile(join(source, 'MLmodel'), 'flavors: {}\n');
  await writeFile(join(source, 'empty'), '');
  await writeFile(join(source, 'deep', 'er', 'Größe 100%.bin'), Buffer.alloc(3_000_000, 'odd '));
  tree = await treeOf(source);
  location = `sftp://${sshd.user}@127.0.0.1:${sshd.port}${served}/experiment`;
  await mustRunMlstow(['experiments', 'create', '-n', 'sftp', '--artifact-location', location], place);
  run = await askMlstow(['runs', 'create', '--experiment-name', 'sftp'], place);
});
afterAll(async () => {
  await sshd.stop();
  await rm(place.cwd, { recursive: true });
});

const stock = async <T>(script: string, asked: unknown) =>
  askStock<T>({ dir: place.cwd, env: { ...place.env } }, script, asked);

describe('what mlstow logs', () => {
  beforeAll(async () => {
    await mustRunMlstow(['artifacts', 'log', source, '-r', run], place);
  });

  test('mlstow lists and downloads', async () => {
    const { stdout } = await mustRunMlstow(['artifacts', 'list', '-r', run, '-R', '--output', 'json'], place);
    const { items } = JSON.parse(stdout) as { items: { path: string; is_dir: boolean }[] };
    const files = items.filter((item) => !item.is_dir).map(({ path }) => path);
    expect(files.toSorted()).toEqual(
      Object.keys(filesOf(tree))
        .map((path) => `model/${path}`)
        .toSorted(),
    );
    const uri = `${location}/${run}/artifacts/model`;
    await mustRunMlstow(['artifacts', 'download', '-u', uri, '-d', 'ours'], place);
    expect(await treeOf(join(place.cwd, 'ours', 'model'))).toEqual(tree);
  });

  test('the stock client lists, downloads and removes', async () => {
    const script = `
run = asked["run"]
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
before = sizes(run)
client.download_artifacts(run, "model", asked["to"])
get_artifact_repository(client.get_run(run).info.artifact_uri).delete_artifacts("model/deep")
answer = {"before": before, "after": sizes(run)}
`;
    const to = join(place.cwd, 'theirs');
    await mkdir(to);
    const { before, after } = await stock<Record<'before' | 'after', Record<string, number>>>(script, {
      run,
      to,
    });
    expect(before).toMatchObject({ 'model/MLmodel': 12, 'model/deep/er/Größe 100%.bin': 3_000_000 });
    expect(await treeOf(join(to, 'model'))).toEqual(tree);
    expect(Object.keys(after).toSorted()).toEqual(['model', 'model/MLmodel', 'model/empty'].toSorted());
  });
});

test('what the stock client logs, mlstow lists and downloads', async () => {
  await stock(`client.log_artifacts(asked["run"], asked["source"], "stock")\nanswer = True`, { run, source });
  await mustRunMlstow(['artifacts', 'download', '-r', run, '-a', 'stock', '-d', 'back'], place);
  expect(await treeOf(join(place.cwd, 'back', 'stock'))).toEqual(tree);
});

describe('what is refused', () => {
  test('a host whose key is unknown: exit 3 with the line to type', async () => {
    const env = { ...place.env, MLSTOW_SFTP_KNOWN_HOSTS: join(place.cwd, 'none') };
    const { code, stderr } = await runMlstow(['artifacts', 'list', '-r', run], { ...place, env });
    expect([code, stderr]).toEqual([3, expect.stringContaining(`ssh-keyscan -p ${sshd.port} 127.0.0.1 >> `)]);
  });

  test('a URI of another form: exit 2 with the right one', async () => {
    const { code, stderr } = await runMlstow(['artifacts', 'list', '-u', 'sftp://host:99999/x'], place);
    expect([code, stderr]).toEqual([2, expect.stringContaining('sftp://user@host:22/path')]);
  });
});
