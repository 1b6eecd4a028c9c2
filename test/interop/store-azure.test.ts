import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { azurePythonPath, startAzurite, startManagedIdentity, type AzuriteBed } from '../testbeds/azurite.ts';
import { uriOf } from '../testbeds/azurite-store.ts';
import { bedFolder } from '../testbeds/bed.ts';
import { askMlstow, mustRunMlstow, runMlstow, type Place } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import { filesOf, treeOf, type Tree } from './tree-of.ts';

const BOX = 'models';
let bed: AzuriteBed;
let place: Place;
let source = '';
let tree: Tree = {};
let run = '';

beforeAll(async () => {
  bed = await startAzurite();
  await bed.createContainer(BOX);
  const dir = await bedFolder('store-azure');
  place = {
    cwd: dir,
    env: {
      MLFLOW_TRACKING_URI: `sqlite:///${join(dir, 'mlflow.db')}`,
      AZURE_STORAGE_CONNECTION_STRING: bed.connectionString,
      PYTHONPATH: await azurePythonPath(),
    },
  };
  source = join(dir, 'model');
  await mkdir(join(source, 'deep', 'er'), { recursive: true });
  await writeFile(join(source, 'MLmodel'), 'flavors: {}\n');
  await writeFile(join(source, 'empty'), '');
  await writeFile(join(source, 'table.csv.gz'), gzipSync('a,b\n1,2\n'));
  await writeFile(join(source, 'deep', 'er', 'Größe 100%.bin'), Buffer.alloc(3_000_000, 'odd '));
  await writeFile(join(source, 'deep', 'large.bin'), Buffer.alloc(65 * 1024 * 1024 + 17, 'large'));
  tree = await treeOf(source);
  const location = uriOf(BOX, 'experiment');
  await mustRunMlstow(['experiments', 'create', '-n', 'azure', '--artifact-location', location], place);
  run = await askMlstow(['runs', 'create', '--experiment-name', 'azure'], place);
});
afterAll(async () => {
  await bed.stop();
  await rm(place.cwd, { recursive: true });
});

describe('what mlstow logs', () => {
  beforeAll(async () => {
    await mustRunMlstow(['artifacts', 'log', source, '-r', run], place);
  });

  test('mlstow lists and downloads', async () => {
    const { stdout } = await mustRunMlstow(['artifacts', 'list', '-r', run, '-R', '--output', 'json'], place);
    const { items } = JSON.parse(stdout) as { items: { path: string; is_dir: boolean }[] };
    const files = items.filter((item) => !item.is_dir).map(({ path }) => path);
    const expected = Object.keys(filesOf(tree)).map((path) => `model/${path}`);
    expect(files.toSorted()).toEqual(expected.toSorted());
    const uri = uriOf(BOX, `experiment/${run}/artifacts/model`);
    await mustRunMlstow(['artifacts', 'download', '-u', uri, '-d', 'ours'], place);
    expect(await treeOf(join(place.cwd, 'ours', 'model'))).toEqual(tree);
    const blob = bed.container(BOX).getBlockBlobClient(`experiment/${run}/artifacts/model/deep/large.bin`);
    const blocks = await blob.getBlockList('committed');
    expect(blocks.committedBlocks?.length).toBe(5);
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
    const { before, after } = await askStock<{
      before: Record<string, number>;
      after: Record<string, number>;
    }>({ dir: place.cwd, env: { ...place.env } }, script, { run, to });
    expect(before).toMatchObject({ 'model/MLmodel': 12, 'model/deep/large.bin': 65 * 1024 * 1024 + 17 });
    expect(await treeOf(join(to, 'model'))).toEqual(tree);
    expect(Object.keys(after).toSorted()).toEqual(
      ['model', 'model/MLmodel', 'model/empty', 'model/table.csv.gz'].toSorted(),
    );
  });
});

describe('what the stock client logs', () => {
  beforeAll(async () => {
    const script = `client.log_artifacts(asked["run"], asked["source"], "stock")\nanswer = True`;
    await askStock({ dir: place.cwd, env: { ...place.env } }, script, { run, source });
  });

  test('mlstow lists and downloads', async () => {
    const { stdout } = await mustRunMlstow(['artifacts', 'list', '-r', run, '-a', 'stock'], place);
    const paths = (JSON.parse(stdout) as { path: string }[]).map(({ path }) => path);
    const expected = ['stock/MLmodel', 'stock/deep', 'stock/empty', 'stock/table.csv.gz'];
    expect(paths.toSorted()).toEqual(expected.toSorted());
    await mustRunMlstow(['artifacts', 'download', '-r', run, '-a', 'stock', '-d', 'back'], place);
    expect(await treeOf(join(place.cwd, 'back', 'stock'))).toEqual(tree);
  });

  test('mlstow reads it by abfss with the access key, past the endpoint that a setting names', async () => {
    const env = {
      ...place.env,
      AZURE_STORAGE_ACCESS_KEY: bed.key,
      MLSTOW_AZURE_BLOB_ENDPOINT: bed.endpoint,
    };
    const uri = uriOf(BOX, `experiment/${run}/artifacts/stock`, 'abfss');
    await mustRunMlstow(['artifacts', 'download', '-u', uri, '-d', 'lake'], { ...place, env });
    expect(await treeOf(join(place.cwd, 'lake', 'stock'))).toEqual(tree);
  });
});

test('DefaultAzureCredential over https, with the trust of the tracking server', async () => {
  const [secure, identity] = await Promise.all([startAzurite({ tls: true }), startManagedIdentity()]);
  try {
    await secure.createContainer(BOX);
    const env = {
      ...identity.env,
      MLSTOW_AZURE_BLOB_ENDPOINT: secure.endpoint,
      MLFLOW_TRACKING_SERVER_CERT_PATH: secure.caFile!,
      MLFLOW_TRACKING_URI: place.env['MLFLOW_TRACKING_URI']!,
    };
    const uri = uriOf(BOX, 'by-identity');
    const there = { cwd: place.cwd, env };
    await mustRunMlstow(['experiments', 'create', '-n', 'identity', '-l', uri, '--check'], there);
    const { stdout, stderr } = await mustRunMlstow(['artifacts', 'list', '-u', uri, '--verbose'], there);
    expect(JSON.parse(stdout)).toEqual([]);
    expect(stderr).toContain('source=DefaultAzureCredential');
    expect(identity.given()).toBe(2);
  } finally {
    await Promise.all([secure.stop(), identity.stop()]);
  }
});

describe('what is refused', () => {
  test('a container that does not exist is not found, with the way out', async () => {
    const { code, stderr } = await runMlstow(['artifacts', 'list', '-u', uriOf('no-such-box', 'x')], place);
    expect(code).toBe(5);
    expect(stderr).toContain('container no-such-box does not exist');
    expect(stderr).toContain('az storage container create');
  });

  test('a wrong key is told by the variable that holds it, and never shown', async () => {
    const wrong = Buffer.from('another key').toString('base64');
    const env = {
      MLFLOW_TRACKING_URI: place.env['MLFLOW_TRACKING_URI']!,
      AZURE_STORAGE_ACCESS_KEY: wrong,
      MLSTOW_AZURE_BLOB_ENDPOINT: bed.endpoint,
    };
    const { code, stderr } = await runMlstow(['artifacts', 'list', '-r', run], { ...place, env });
    expect(code).toBe(6);
    expect(stderr).toContain('AZURE_STORAGE_ACCESS_KEY');
    expect(stderr).not.toContain(wrong);
  });

  test('another account in the URI than in the connection string is told', async () => {
    const uri = `wasbs://${BOX}@elsewhere.blob.core.windows.net/experiment`;
    const { code, stderr } = await runMlstow(['artifacts', 'list', '-u', uri], place);
    expect(code).toBe(0);
    expect(stderr).toContain('account elsewhere in the URI is ignored');
  });

  test.each([
    ['wasbs://models@account.example.com/x', 'wasbs://container@account.blob.core.windows.net/path'],
    ['wasbs://account.blob.core.windows.net/x', 'wasbs://container@account.blob.core.windows.net/path'],
    ['abfss://models/x', 'abfss://filesystem@account.dfs.core.windows.net/path'],
  ])('%s is refused with the right form', async (uri, form) => {
    const { code, stderr } = await runMlstow(['artifacts', 'list', '-u', uri], place);
    expect(code).toBe(2);
    expect(stderr).toContain(form);
  });
});
