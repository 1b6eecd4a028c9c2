import { bytesSource } from '../../../../artifacts/sources.ts';
import type { ArtifactStore, UploadSession } from '../../../../artifacts/store.ts';
import type { ArtifactPath } from '../../../../core/artifact-path.ts';
import { Failure } from '../../../../core/failure.ts';
import { cleanupIo, type Io } from '../../../../core/io.ts';
import type { Check } from '../../../check.ts';
import { ok, skip, type Finding } from '../../../finding.ts';
import { failWith } from '../../../live/fail-with.ts';
import { probeName, withProbe } from '../../../live/probe-file.ts';
import { probePlace } from '../../../live/probe-place.ts';

const PART_BYTES = 5 * 1024 * 1024;
const PROBE = Buffer.from('mlstow probe: safe to delete\n');
const USUAL =
  'let the server sign URLs for a host that clients reach: set MLFLOW_S3_ENDPOINT_URL on the server to the public address of the store';

/** One upload in parts past the server, of one small part, that is given up; undefined where the server offers none. */
async function tryPart(store: ArtifactStore, path: ArtifactPath, io: Io): Promise<true | undefined> {
  const { multipart } = store;
  if (!multipart) return undefined;
  const plan = { partBytes: PART_BYTES, size: PROBE.length, media: {} };
  let session: UploadSession;
  try {
    session = await multipart.begin(path, plan, io);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.kind === 'unsupported') return undefined;
    throw thrown;
  }
  try {
    await session.put({ number: 1, offset: 0, size: PROBE.length }, bytesSource(PROBE), io);
  } finally {
    await session.abort(cleanupIo(io));
  }
  return true;
}

/** A probe that is written through the server is read as this client reads: past it, where that is on. */
async function tryRead(store: ArtifactStore, path: ArtifactPath, io: Io): Promise<void> {
  await store.write(path, bytesSource(PROBE), {}, io);
  const body = await store.read(path, {}, io);
  await body.stream.toArray();
}

export const presignedHost: Check = {
  id: 'D18',
  name: 'presigned-host',
  area: 'end to end',
  title: 'The URLs that the server signs lead to a store that this client reaches',
  explain:
    "With uploads in parts (MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD) the server signs URLs, and the client sends bytes straight to the store under the name that the server knows it by: minio:9000 exists in the server's Docker network alone. One small part is sent to such a URL and given up, and a probe is read back. Give the server a public endpoint of the store, or switch the way off on the client with MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD=false and MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD=false.",
  network: true,
  writes: true,
  needs: ['server', 'D71', 'probeRun'],
  timeoutMs: 15_000,
  async run(context, io): Promise<readonly Finding[]> {
    const { store, proxied } = await probePlace(context, io);
    if (!proxied) return [skip('artifacts do not go through a server')];
    const path = probeName(context.clock);
    try {
      const sent = await tryPart(store, path, io);
      await withProbe(store, path, io, async () => tryRead(store, path, io));
      if (!sent) return [ok('the server signs no URLs for uploads in parts')];
      return [ok('a part was sent to the store past the server, and given up')];
    } catch (thrown) {
      if (thrown instanceof Failure && !io.signal.aborted) return [failWith(thrown, USUAL)];
      throw thrown;
    }
  },
};
