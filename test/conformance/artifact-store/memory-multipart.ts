import type { Multipart, Part, Receipt, Stored, UploadSession } from '../../../src/artifacts/store.ts';
import type { ArtifactPath } from '../../../src/core/artifact-path.ts';
import { gather, memoryFailure, type Memory } from './memory-store.ts';

let uploads = 0;

/** Multipart uploads of a memory store, parallel or sequential. */
export function memoryMultipart(memory: Memory, order: Multipart['order']): Multipart {
  return {
    order,
    uniform: false,
    needsSize: false,
    minBytes: 1024,
    maxBytes: 1024 ** 2,
    maxParts: 100,
    begin: async (path, plan, io) => {
      io.signal.throwIfAborted();
      memory.allow(path, plan.when);
      uploads += 1;
      return memorySession(memory, order, path, `upload-${uploads}`);
    },
  };
}

function memorySession(
  memory: Memory,
  order: Multipart['order'],
  path: ArtifactPath,
  token: string,
): UploadSession {
  const parts = new Map<number, Buffer>();
  let done: Stored | undefined;
  const offsetAfter = () => [...parts.values()].reduce((sum, bytes) => sum + bytes.byteLength, 0);
  return {
    token,
    put: async (part: Part, source, io): Promise<Receipt> => {
      if (order === 'sequential' && part.offset !== offsetAfter()) {
        throw memoryFailure('invalid', path, `part ${part.number} does not start where the last one ended`);
      }
      const bytes = await gather(path, source, io, memory.traits.maxWriteBytes);
      parts.set(part.number, bytes);
      return { ...part, tag: `${token}-${part.number}-${bytes.byteLength}` };
    },
    commit: async (receipts, expect, io) => {
      io.signal.throwIfAborted();
      if (done) return done;
      const sorted = receipts.toSorted((a, b) => a.number - b.number);
      const bytes = Buffer.concat(
        sorted.map(({ number, tag }) => {
          const part = parts.get(number);
          if (part && tag === `${token}-${number}-${part.byteLength}`) return part;
          throw memoryFailure('corrupt', path, `lacks part ${number}`);
        }),
      );
      if (bytes.byteLength !== expect.size) throw memoryFailure('corrupt', path, 'lacks bytes');
      done = memory.publish(path, bytes);
      parts.clear();
      return done;
    },
    abort: async () => {
      parts.clear();
    },
  };
}
