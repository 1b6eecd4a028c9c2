import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/core/failure.ts';
import { openManifest } from '../../../src/transfer/manifest.ts';
import { temporaryFolder, watch } from './rig.ts';

const run = promisify(execFile);
const FAILURE = new Failure({ kind: 'denied', message: 'c may not be read', subject: 'c' });

describe('a manifest', () => {
  it('says of each file what became of it, and tells it on', async () => {
    const file = join(await temporaryFolder(), 'm.jsonl');
    await writeFile(file, 'an earlier one that is longer than anything that is written now\n'.repeat(100));
    const manifest = openManifest(file);
    const watching = watch();
    const observer = manifest.observing(watching);
    const checksum = { algorithm: 'md5', value: 'ab', scope: 'whole' } as const;
    observer.done({ path: 'a', local: '/x/a', bytes: 3, proof: 'checksum', why: 'new', checksum });
    observer.skipped({ path: 'b', local: '/x/b', bytes: 4, why: 'same' });
    observer.failed({ path: 'c', local: '/x/c', failure: FAILURE });
    manifest.close();
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        path: 'a',
        local: '/x/a',
        bytes: 3,
        action: 'moved',
        why: 'new',
        verified: 'checksum',
        checksum: 'md5:ab',
      },
      { path: 'b', local: '/x/b', bytes: 4, action: 'skipped', why: 'same' },
      { path: 'c', local: '/x/c', action: 'failed', error: 'c may not be read' },
    ]);
    expect(watching.seen).toMatchObject({
      done: [{ path: 'a' }],
      skipped: [{ path: 'b' }],
      failed: [{ path: 'c' }],
    });
  });

  it('cannot be where nothing can be written', async () => {
    const folder = await temporaryFolder();
    expect(() => openManifest(join(folder, 'missing/m.jsonl'))).toThrow(
      expect.objectContaining({ kind: 'not-found' }) as Failure,
    );
    expect(() => openManifest(folder)).toThrow(expect.objectContaining({ kind: 'wrong-kind' }) as Failure);
  });

  it('is whole on the way out of a process that ends by itself', async () => {
    const file = join(await temporaryFolder(), 'm.jsonl');
    const script = `
      import { openManifest } from ${JSON.stringify(join(process.cwd(), 'src/transfer/manifest.ts'))};
      const nothing = () => undefined;
      const observer = openManifest(process.argv[2]).observing({ skipped: nothing });
      for (let i = 0; i < 1000; i += 1) observer.skipped({ path: 'f' + i, why: 'same' });
      process.exit(7);`;
    const source = join(await temporaryFolder(), 'end.mts');
    await writeFile(source, script);
    const ended = await run('npx', ['tsx', source, file]).catch(
      (thrown: unknown) => thrown as { code: number },
    );
    expect(ended).toMatchObject({ code: 7 });
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(1000);
    expect(JSON.parse(lines[999] ?? '')).toEqual({ path: 'f999', action: 'skipped', why: 'same' });
  });

  it('says when a full disk kept it from being whole, and ends with a whole line', async () => {
    const manifest = openManifest('/dev/full');
    manifest.observing(watch()).skipped({ path: 'b', why: 'same' });
    expect(() => manifest.close()).toThrow(expect.objectContaining({ kind: 'no-space' }) as Failure);
  });
});
