import { addAbortSignal, Readable } from 'node:stream';
import { fileSource, type FileIdentity } from '../../artifacts/sources.ts';
import { nameOf, type ArtifactPath } from '../../core/artifact-path.ts';
import { mediaOf } from '../../core/media.ts';
import type { UploadFile } from '../items.ts';

/** A file of this machine, to be stored whatever is there. */
export function uploadOfFile(identity: FileIdentity, path: ArtifactPath): UploadFile {
  const media = mediaOf(nameOf(path));
  return {
    path,
    local: identity.file,
    source: fileSource(identity, media),
    part: (range) => fileSource(identity, media, range),
    identity,
    why: 'overwrite',
  };
}

/** What a stream gives, which can be read once, to be stored whatever is there. */
export function uploadOfStream(stream: Readable, path: ArtifactPath): UploadFile {
  return {
    path,
    local: '-',
    source: {
      replayable: false,
      checksums: [],
      media: mediaOf(nameOf(path)),
      open: async (_from, signal) => bytesOf(stream, signal),
    },
    why: 'overwrite',
  };
}

/** A stream of bytes, also where the input gives text; it ends the input when it is stopped. */
function bytesOf(input: Readable, signal: AbortSignal): Readable {
  const chunks = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of addAbortSignal(signal, input) as AsyncIterable<Buffer | string>) {
      yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    }
  };
  return Readable.from(chunks(), { objectMode: false });
}
