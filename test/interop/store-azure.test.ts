import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { azurePythonPath, startAzurite, startManagedIdentity, type AzuriteBed } from '../testbeds/azurite.ts';
import { uriOf } from '../testbeds/azurite-store.ts';
import { bedFolder } from '../testbeds/bed.ts';
import { mustRunMlstow, runMlstow, type Place } from './mlstow-command.ts';
import {
  expectOursRead,
  expectOursReadByStock,
  expectTheirsRead,
  logByStock,
  startExchange,
  type StoreExchange,
} from './store-exchange.ts';
import { treeOf } from './tree-of.ts';

const BOX = 'models';
let bed: AzuriteBed;
let place: Place;
let exchange: StoreExchange;
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
  exchange = await startExchange(place, uriOf(BOX, 'experiment'), {
    'table.csv.gz': gzipSync('a,b\n1,2\n'),
    'deep/large.bin': Buffer.alloc(65 * 1024 * 1024 + 17, 'large'),
  });
  ({ run } = exchange);
});
afterAll(async () => {
  await bed.stop();
  await rm(place.cwd, { recursive: true });
});

describe('what mlstow logs', () => {
  beforeAll(async () => {
    await mustRunMlstow(['artifacts', 'log', exchange.source, '-r', run], place);
  });

  test('mlstow lists and downloads', async () => expectOursRead(exchange));

  test('a large file is there in blocks', async () => {
    const blob = bed.container(BOX).getBlockBlobClient(`experiment/${run}/artifacts/model/deep/large.bin`);
    const blocks = await blob.getBlockList('committed');
    expect(blocks.committedBlocks?.length).toBe(9);
  });

  test('the stock client lists, downloads and removes', async () => expectOursReadByStock(exchange));
});

describe('what the stock client logs', () => {
  beforeAll(async () => logByStock(exchange));

  test('mlstow lists and downloads', async () => expectTheirsRead(exchange));

  test('mlstow reads it by abfss with the access key, past the endpoint that a setting names', async () => {
    const env = {
      ...place.env,
      AZURE_STORAGE_ACCESS_KEY: bed.key,
      MLSTOW_AZURE_BLOB_ENDPOINT: bed.endpoint,
    };
    const uri = uriOf(BOX, `experiment/${run}/artifacts/stock`, 'abfss');
    await mustRunMlstow(['artifacts', 'download', '-u', uri, '-d', 'lake'], { ...place, env });
    expect(await treeOf(join(place.cwd, 'lake', 'stock'))).toEqual(exchange.tree);
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
