import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import { parseArtifactPath as path } from '../../../../src/core/artifact-path.ts';
import { exitCodeOf } from '../../../../src/core/failure.ts';
import type { Io } from '../../../../src/core/io.ts';
import { parseLocation } from '../../../../src/core/location.ts';
import { ftpOptions } from '../../../../src/session/connect/ftp.ts';
import { failureOf } from '../../../conformance/artifact-store/expect-failure.ts';
import { startFtpServer, type FtpServer } from '../../../testbeds/ftp-server/ftp-server.ts';
import { ftpUri } from '../../../testbeds/ftp-store.ts';
import { configOf, storesWith } from '../../../testbeds/session-stores.ts';

const io: Io = { signal: new AbortController().signal };
let server: FtpServer;
beforeAll(async () => {
  server = await startFtpServer();
});
beforeEach(() => {
  server.delayMs = 0;
});
afterAll(async () => server.stop());

test.each([
  [{}, 120_000],
  [{ MLFLOW_HTTP_REQUEST_TIMEOUT: '7' }, 7_000],
  [{ MLFLOW_HTTP_REQUEST_TIMEOUT: '7', MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT: '30' }, 30_000],
  [{ MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT: '-1' }, undefined],
])('%j: silent for at most %s ms', async (env, idleMs) => {
  expect(ftpOptions(await configOf(env, server.root)).idleMs).toBe(idleMs);
});

test(
  'a server that is silent for the seconds that are set is a timeout; a slow one is not',
  { timeout: 60_000 },
  async () => {
    const env = { MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT: '2', MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' };
    const stores = await storesWith(env, server.root);
    const store = await stores.at(parseLocation(ftpUri(server, 'root')));
    await store.facts(io);
    server.delayMs = 400;
    const stored = await store.write(path('dir/file'), bytesSource(Buffer.from('slow')), {}, io);
    expect(stored.proof).toBe('size');
    server.delayMs = Infinity;
    const { facts } = await failureOf(store.stat(path('dir/file'), io));
    expect(facts.message).toContain('was silent for 2000 ms');
    expect(facts.hint).toContain('MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT');
    expect(exitCodeOf(facts.kind)).toBe(7);
    await stores.close();
  },
);
