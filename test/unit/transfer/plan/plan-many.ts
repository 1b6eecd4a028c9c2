/** Plans many files in a process of its own and prints how many they were and how much memory it took at most. */
import { readFileSync } from 'node:fs';
import { decideUploads } from '../../../../src/transfer/plan/decide-uploads.ts';
import { planDownload } from '../../../../src/transfer/plan/download-plan.ts';
import { holdClashes } from '../../../../src/transfer/plan/hold-clashes.ts';
import { planUploads } from '../../../../src/transfer/plan/upload-plan.ts';
import { listingReader, listingStore, manyFiles } from './made-up.ts';

const [what = '', argument = ''] = process.argv.slice(2);
const io = { signal: new AbortController().signal };
const meter = { taken: 0 };

async function planned(): Promise<AsyncIterable<unknown>> {
  const count = Number(argument);
  if (what === 'upload') {
    const roots = [manyFiles(count, meter)];
    return decideUploads(roots, listingStore(count, 'path', meter), { ifExists: 'skip', look: false }, io);
  }
  if (what === 'walk') {
    const [root] = await planUploads(
      [{ kind: 'path', path: argument, contentsOnly: true }],
      { under: '', cwd: '/' },
      io.signal,
    );
    if (!root) throw new Error('no root');
    return root.items(io.signal);
  }
  const reader = listingReader(listingStore(count, what === 'sorted' ? 'none' : 'path', meter));
  return holdClashes(planDownload(reader, { folder: '/to', name: '' }, io), reader.label);
}

/** `VmHWM` and not getrusage, which on Linux also counts what the parent had before this program was loaded. */
function mostMemoryKiB(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]);
}

let count = 0;
for await (const item of await planned()) if (item !== undefined) count += 1;
process.stdout.write(`${JSON.stringify({ count, mostKiB: mostMemoryKiB() })}\n`);
