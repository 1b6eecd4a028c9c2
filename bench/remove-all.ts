/**
 * Removes every object below an S3 URI by the store's own members: `node remove-all.js s3://bucket/path`. Stands in for
 * a command that deletes, which mlstow has none of yet.
 */
import type { Entry } from '../src/artifacts/store.ts';
import { connectS3 } from '../src/artifacts/stores/s3/backend.ts';
import { systemClock } from '../src/core/clock.ts';
import { parseLocation } from '../src/core/location.ts';
import { createNet } from '../src/net/create-net.ts';
import type { Job } from '../src/transfer/run/job.ts';
import { runJobs } from '../src/transfer/run/scheduler.ts';

const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION, MLFLOW_S3_ENDPOINT_URL } = process.env;
const SOCKETS = 32;
const io = { signal: new AbortController().signal };
const net = createNet({ verifyTls: true, connectMs: 20_000, idleMs: 60_000, maxSockets: SOCKETS });
const backend = await connectS3({
  addressingStyle: 'auto',
  signatureVersion: 's3v4',
  maxSockets: SOCKETS,
  net,
  clock: systemClock,
  ...(AWS_ACCESS_KEY_ID ? { accessKeyId: AWS_ACCESS_KEY_ID } : {}),
  ...(AWS_SECRET_ACCESS_KEY ? { secretAccessKey: AWS_SECRET_ACCESS_KEY } : {}),
  ...(AWS_DEFAULT_REGION ? { region: AWS_DEFAULT_REGION } : {}),
  ...(MLFLOW_S3_ENDPOINT_URL ? { endpointUrl: MLFLOW_S3_ENDPOINT_URL } : {}),
});
const store = backend.at(parseLocation(process.argv[2] ?? ''));

async function removeFiles(page: readonly Entry[]): Promise<void> {
  const files = page.flatMap(({ path, kind }) => (kind === 'file' ? [{ path, kind } as const] : []));
  const undone = await store.remove(files, io);
  if (undone[0]) throw undone[0].failure;
}

/** A page of a listing has as many keys as one request deletes. */
async function* removals(): AsyncGenerator<Job> {
  for await (const page of store.list('', { recursive: true }, io)) {
    const failed = (thrown: unknown) => {
      throw thrown;
    };
    yield { kind: 'whole', run: async () => removeFiles(page), failed };
  }
}

const width = SOCKETS / 4;
await runJobs(removals(), { width, signal: io.signal, clock: systemClock, ahead: width });
await backend.close();
