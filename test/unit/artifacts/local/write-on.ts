import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { openLocalStore } from '../../../../src/artifacts/stores/local/store.ts';
import { parseArtifactPath } from '../../../../src/core/artifact-path.ts';

const [root = '', size = '0', pauseMs = '0'] = process.argv.slice(2);
const CHUNK = Buffer.alloc(64 * 1024, 7);

async function* slowly(): AsyncGenerator<Buffer> {
  for (let left = Number(size); left > 0; left -= CHUNK.byteLength) {
    yield CHUNK.subarray(0, left);
    if (Number(pauseMs) > 0) await wait(Number(pauseMs));
  }
}

const store = openLocalStore(root);
const io = { signal: new AbortController().signal };
for (let i = 0; ; i += 1) {
  const source = {
    size: Number(size),
    replayable: false,
    checksums: [],
    media: {},
    open: async () => Readable.from(slowly(), { objectMode: false }),
  };
  process.stdout.write('writing\n');
  try {
    await store.write(parseArtifactPath(`dir/file-${i}`), source, {}, io);
  } catch (thrown) {
    process.stdout.write(`${JSON.stringify((thrown as { facts?: unknown }).facts)}\n`);
    break;
  }
}
