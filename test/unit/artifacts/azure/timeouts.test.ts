import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseArtifactPath as path } from '../../../../src/core/artifact-path.ts';
import { exitCodeOf } from '../../../../src/core/failure.ts';
import type { Io } from '../../../../src/core/io.ts';
import { parseLocation } from '../../../../src/core/location.ts';
import { azureNet } from '../../../../src/session/connect/azure.ts';
import { failureOf } from '../../../conformance/artifact-store/expect-failure.ts';
import { uriOf } from '../../../testbeds/azurite-store.ts';
import { startListener } from '../../../testbeds/listener.ts';
import { configOf, storesWith } from '../../../testbeds/session-stores.ts';

const io: Io = { signal: new AbortController().signal };
let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mlstow-azure-timeouts-'));
});
afterAll(async () => rm(home, { recursive: true }));

/** A byte now and then, for longer than the time-out in all. */
async function* drops(): AsyncGenerator<string> {
  for (let i = 0; i < 8; i += 1) {
    await setTimeout(400);
    yield 'x';
  }
}

test.each([
  [{}, 600_000],
  [{ MLFLOW_HTTP_REQUEST_TIMEOUT: '7' }, 600_000],
  [{ MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT: '30' }, 30_000],
  [{ MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT: '-1' }, undefined],
])('%j: silent for at most %s ms', async (env, idleMs) => {
  expect(azureNet(await configOf(env, home)).idleMs).toBe(idleMs);
});

test(
  'a service that is silent for the seconds that are set is a timeout; a slow one is not',
  { timeout: 60_000 },
  async () => {
    const server = await startListener(({ method }, response) => {
      if (method === 'HEAD') return;
      response.writeHead(200, { 'content-length': '8', etag: '"1"' });
      Readable.from(drops()).pipe(response);
    });
    const env = {
      MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT: '2',
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
      MLSTOW_AZURE_BLOB_ENDPOINT: `${server.url}/account`,
      AZURE_STORAGE_ACCESS_KEY: Buffer.from('key').toString('base64'),
    };
    const stores = await storesWith(env, home);
    const store = await stores.at(parseLocation(uriOf('box', 'root')));
    const { stream } = await store.read(path('slow'), {}, io);
    expect(Buffer.concat((await stream.toArray()) as Buffer[]).toString()).toBe('x'.repeat(8));
    const { facts } = await failureOf(store.stat(path('silent'), io));
    expect(facts.message).toContain('was silent for 2000 ms');
    expect(facts.hint).toContain('MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT');
    expect(exitCodeOf(facts.kind)).toBe(7);
    await stores.close();
    await server.stop();
  },
);
