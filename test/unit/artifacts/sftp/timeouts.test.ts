import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import { parseArtifactPath as path } from '../../../../src/core/artifact-path.ts';
import { exitCodeOf } from '../../../../src/core/failure.ts';
import type { Io } from '../../../../src/core/io.ts';
import { sftpOptions } from '../../../../src/session/connect/sftp.ts';
import { failureOf } from '../../../conformance/artifact-store/expect-failure.ts';
import { startSshServer, type SshServer } from '../../../testbeds/ssh-server/ssh-server.ts';
import { sftpLocation } from '../../../testbeds/sftp-store.ts';
import { configOf, storesWith } from '../../../testbeds/session-stores.ts';

const io: Io = { signal: new AbortController().signal };
let server: SshServer;
beforeAll(async () => {
  server = await startSshServer({ extensions: true });
});
beforeEach(() => {
  server.delayMs = 0;
});
afterAll(async () => server.stop());

test.each([
  [{}, 120_000],
  [{ MLFLOW_HTTP_REQUEST_TIMEOUT: '7' }, 7_000],
  [{ MLFLOW_HTTP_REQUEST_TIMEOUT: '7', MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT: '30' }, 30_000],
  [{ MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT: '-1' }, Infinity],
])('%j: silent for at most %s ms', async (env, idleMs) => {
  expect(sftpOptions(await configOf(env, server.home)).idleMs).toBe(idleMs);
});

test(
  'a server that is silent for the seconds that are set is a timeout; a slow one is not',
  { timeout: 60_000 },
  async () => {
    const env = { MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT: '2', MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' };
    const stores = await storesWith(env, server.home);
    const store = await stores.at(sftpLocation(server, '/root'));
    await store.facts(io);
    server.delayMs = 400;
    const stored = await store.write(path('dir/file'), bytesSource(Buffer.from('slow')), {}, io);
    expect(stored.proof).toBe('size');
    server.delayMs = Infinity;
    const { facts } = await failureOf(store.stat(path('dir/file'), io));
    expect(facts.message).toContain('fell silent for 2 s');
    expect(facts.hint).toContain('MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT');
    expect(exitCodeOf(facts.kind)).toBe(7);
    await stores.close();
  },
);
