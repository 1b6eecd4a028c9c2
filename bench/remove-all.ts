/**
 * Removes every object below an S3 URI by the store's own members: `node remove-all.js s3://bucket/path`. Stands in for
 * a command that deletes, which mlstow has none of yet.
 */
import { connectS3 } from '../src/artifacts/stores/s3/backend.ts';
import { systemClock } from '../src/core/clock.ts';
import { parseLocation } from '../src/core/location.ts';
import { createNet } from '../src/net/create-net.ts';
import { forEachBounded } from '../src/transfer/pool.ts';

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
// A page of a listing has as many keys as one request deletes.
await forEachBounded(store.list('', { recursive: true }, io), SOCKETS / 4, async (page) => {
  const files = page
    .filter(({ kind }) => kind === 'file')
    .map(({ path }) => ({ path, kind: 'file' as const }));
  const undone = await store.remove(files, io);
  if (undone[0]) throw undone[0].failure;
});
await backend.close();
