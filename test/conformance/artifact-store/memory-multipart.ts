import type {
  Incomplete,
  Multipart,
  Part,
  Receipt,
  Stored,
  UploadPlan,
  UploadSession,
} from '../../../src/artifacts/store.ts';
import type { ArtifactPath } from '../../../src/core/artifact-path.ts';
import { gather, memoryFailure, type Memory } from './memory-store.ts';

let uploads = 0;

/** Parts and uploads of one page. */
const PAGE = 2;

/** An upload as the store holds it, whoever asks. */
export interface MemoryUpload {
  readonly path: ArtifactPath;
  readonly started: Date;
  readonly parts: Map<number, Buffer>;
}

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
      const token = `upload-${uploads}`;
      memory.content.uploads.set(token, { path, started: new Date(), parts: new Map() });
      return memorySession(memory, order, path, token, plan);
    },
    attach: (path, token, plan) => memorySession(memory, order, path, token, plan),
  };
}

const tagOf = (token: string, number: number, bytes: Buffer) => `${token}-${number}-${bytes.byteLength}`;

function memorySession(
  memory: Memory,
  order: Multipart['order'],
  path: ArtifactPath,
  token: string,
  plan: UploadPlan,
): UploadSession {
  let done: Stored | undefined;
  const parts = (): Map<number, Buffer> => {
    const upload = memory.content.uploads.get(token);
    if (upload?.path === path) return upload.parts;
    throw memoryFailure('not-found', path, 'has no such upload under way');
  };
  const offsetAfter = () => [...parts().values()].reduce((sum, bytes) => sum + bytes.byteLength, 0);
  return {
    token,
    tokenIsSecret: false,
    put: async (part: Part, source, io): Promise<Receipt> => {
      if (order === 'sequential' && part.offset !== offsetAfter()) {
        throw memoryFailure('invalid', path, `part ${part.number} does not start where the last one ended`);
      }
      const bytes = await gather(path, source, io, memory.traits.maxWriteBytes);
      parts().set(part.number, bytes);
      return { ...part, tag: tagOf(token, part.number, bytes) };
    },
    commit: async (receipts, expect, io) => {
      io.signal.throwIfAborted();
      if (done) return done;
      const held = parts();
      const sorted = receipts.toSorted((a, b) => a.number - b.number);
      const bytes = Buffer.concat(
        sorted.map(({ number, tag }) => {
          const part = held.get(number);
          if (part && tag === tagOf(token, number, part)) return part;
          throw memoryFailure('corrupt', path, `lacks part ${number}`);
        }),
      );
      if (bytes.byteLength !== expect.size) throw memoryFailure('corrupt', path, 'lacks bytes');
      done = memory.publish(path, bytes);
      memory.content.uploads.delete(token);
      return done;
    },
    abort: async () => {
      memory.content.uploads.delete(token);
    },
    confirmed: async function* (io) {
      const receipts = [...parts()]
        .map(([number, bytes]): Receipt => {
          const offset = (number - 1) * plan.partBytes;
          return { number, offset, size: bytes.byteLength, tag: tagOf(token, number, bytes) };
        })
        .sort((a, b) => a.number - b.number);
      for (let from = 0; from < receipts.length; from += PAGE) {
        io.signal.throwIfAborted();
        yield receipts.slice(from, from + PAGE);
      }
    },
  };
}

/** The uploads of a memory store that nobody finished or gave up. */
export function memoryIncomplete({ content }: Memory): Incomplete {
  return {
    list: async function* (under, io) {
      const found = [...content.uploads]
        .filter(([, { path }]) => under === '' || path === under || path.startsWith(`${under}/`))
        .map(([token, { path, started, parts }]) => {
          const bytes = [...parts.values()].reduce((sum, part) => sum + part.byteLength, 0);
          return { path, token, started, bytes };
        });
      for (let from = 0; from < found.length; from += PAGE) {
        io.signal.throwIfAborted();
        yield found.slice(from, from + PAGE);
      }
    },
    discard: async ({ token }, io) => {
      io.signal.throwIfAborted();
      content.uploads.delete(token);
    },
  };
}
