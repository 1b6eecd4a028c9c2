import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig, type Config } from '../../../../src/config/resolve.ts';
import { objections } from '../../../../src/session/objections.ts';
import { gcsNet, gcsOptions } from '../../../../src/session/connect/gcs.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mlstow-gcs-options-'));
});
afterAll(async () => rm(dir, { recursive: true }));

async function configOf(env: Readonly<Record<string, string>>): Promise<Config> {
  return loadConfig({ flags: {}, env, cwd: dir, home: dir });
}

test('nothing set: Google, with credentials, chunks of 100 MiB, 60 s', async () => {
  const config = await configOf({});
  expect(gcsOptions(config)).toEqual({
    anonymous: false,
    uploadChunkSize: 104_857_600,
    downloadChunkSize: 104_857_600,
  });
  expect(gcsNet(config).idleMs).toBe(60_000);
  expect(objections(config)).toEqual([]);
});

test.each([
  [{ STORAGE_EMULATOR_HOST: 'http://127.0.0.1:1' }, true],
  [{ MLSTOW_GCS_API_ENDPOINT: 'http://127.0.0.1:1', STORAGE_EMULATOR_HOST: 'http://127.0.0.1:2' }, false],
  [{ MLSTOW_GCS_API_ENDPOINT: 'http://127.0.0.1:1', MLSTOW_GCS_ANONYMOUS: 'true' }, true],
])('%j: anonymous %s', async (env, anonymous) => {
  const options = gcsOptions(await configOf(env));
  expect(options).toMatchObject({ apiEndpoint: 'http://127.0.0.1:1', anonymous });
});

test.each([
  [{ MLFLOW_GCS_DEFAULT_TIMEOUT: '90' }, 90_000],
  [{ MLFLOW_GCS_DEFAULT_TIMEOUT: '-1' }, undefined],
  [{ MLFLOW_GCS_DEFAULT_TIMEOUT: '90', MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT: '30' }, 30_000],
  [{ MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT: '-1' }, undefined],
])('%j: idle for at most %s ms', async (env, idleMs) => {
  const config = await configOf(env);
  expect(gcsNet(config).idleMs).toBe(idleMs);
  const warned = 'MLFLOW_GCS_DEFAULT_TIMEOUT' in env;
  expect(objections(config)).toEqual(
    warned
      ? ['MLFLOW_GCS_DEFAULT_TIMEOUT is deprecated; set MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT instead']
      : [],
  );
});

test.each(['MLFLOW_GCS_UPLOAD_CHUNK_SIZE', 'MLFLOW_GCS_DOWNLOAD_CHUNK_SIZE'])(
  '%s that is no multiple of 256 KiB is an error',
  async (name) => {
    const config = await configOf({ [name]: '262145' });
    expect(() => gcsOptions(config)).toThrow(name);
  },
);
