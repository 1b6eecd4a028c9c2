import { randomBytes } from 'node:crypto';
import type { ArtifactStore } from '../../../artifacts/store.ts';
import { parseArtifactPath, type ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import { cleanupIo, type Io } from '../../../core/io.ts';
import type { Session } from '../../../session/session.ts';

const CONTENT = Buffer.from('mlstow probe: safe to delete\n');

async function write(path: ArtifactPath, store: ArtifactStore, io: Io): Promise<void> {
  const { Readable } = await import('node:stream');
  const source = {
    size: CONTENT.length,
    replayable: true,
    checksums: [],
    media: {},
    open: async (from: number) => Readable.from([CONTENT.subarray(from)], { objectMode: false }),
  };
  await store.write(path, source, {}, io);
}

async function readBack(path: ArtifactPath, store: ArtifactStore, io: Io): Promise<void> {
  const body = await store.read(path, {}, io);
  const chunks: Buffer[] = [];
  for await (const chunk of body.stream) chunks.push(Buffer.from(chunk as Uint8Array));
  if (Buffer.concat(chunks).equals(CONTENT)) return;
  throw new Failure({
    kind: 'corrupt',
    message: `a probe written to ${store.label} reads back changed`,
    subject: store.label,
    hint: 'ask whoever runs that store; a proxy or a gateway in between may rewrite bodies',
  });
}

async function remove(path: ArtifactPath, store: ArtifactStore, io: Io): Promise<void> {
  const [undone] = await store.remove([{ path, kind: 'file' }], io);
  if (!undone) return;
  const message = `the probe ${path} was written to ${store.label} and cannot be deleted: ${undone.failure.message}`;
  throw undone.failure.with({ message });
}

/** Removes the probe after another failure, which is the one to tell. @returns whether it is gone */
async function discard(path: ArtifactPath, store: ArtifactStore, io: Io): Promise<boolean> {
  try {
    await remove(path, store, cleanupIo(io));
    return true;
  } catch (thrown) {
    if (thrown instanceof Failure) return false;
    throw thrown;
  }
}

/**
 * Proves that artifacts can be written to, read from and deleted at a location, with a small file of a random name that
 * is removed again, also when the command is stopped.
 * @throws Failure of the first of the three that did not work
 */
export async function probeLocation(uri: string, session: Session): Promise<void> {
  const resolver = await session.resolver('read');
  const { places } = await resolver.uri(uri, session.io);
  const stores = await session.stores();
  const store = await stores.at(places[0].location);
  const path = parseArtifactPath(`.mlstow-probe-${randomBytes(8).toString('hex')}`);
  try {
    await write(path, store, session.io);
  } catch (thrown) {
    await discard(path, store, session.io);
    throw thrown;
  }
  try {
    await readBack(path, store, session.io);
  } catch (thrown) {
    const gone = await discard(path, store, session.io);
    if (!gone) session.warn(`the probe ${path} could not be deleted and is still at ${store.label}`);
    throw thrown;
  }
  await remove(path, store, session.io);
}
