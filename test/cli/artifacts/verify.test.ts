import { mkdir, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { artifactsPlace, type ArtifactsPlace } from './place.ts';

let at: ArtifactsPlace;

/** A run whose artifacts are those of the folder `out`. */
beforeEach(async () => {
  at = await artifactsPlace();
  await at.must(['artifacts', 'log', 'file.txt', 'model', '-r', at.runId]);
  await at.must(['artifacts', 'download', '-r', at.runId, '-d', 'out']);
});

const verify = async (...args: string[]) => at.run(['artifacts', 'verify', '-r', at.runId, ...args]);
const out = (name: string): string => join(at.cwd, 'out', name);
const stored = (name: string): string => join(at.root, name);

/** Changes one byte in the middle; the size stays. */
async function flipByte(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  const { size } = await handle.stat();
  const [where, byte] = [Math.floor(size / 2), Buffer.alloc(1)];
  await handle.read(byte, 0, 1, where);
  await handle.write(Buffer.from([byte[0]! ^ 1]), 0, 1, where);
  await handle.close();
}

describe('what is the same', () => {
  test('exit 0, nothing on stdout, a summary on stderr', async () => {
    const { code, stdout, stderr } = await verify('--against', 'out');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toBe(
      `verified ${at.root} against ${join(at.cwd, 'out')}: 4 files are the same, 20 B, 3 by checksum, 1 by size\n`,
    );
  });

  test('-q: nothing at all', async () => {
    expect(await verify('--against', 'out', '-q')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test.each([
    ['a folder with the folder of its contents', ['-a', 'model', '--against', 'model']],
    ['a folder with a slash', ['-a', 'model/', '--against', 'out/model']],
    ['a file with its folder', ['-a', 'model/MLmodel', '--against', 'model']],
    ['a file with a file', ['-a', 'model/MLmodel', '--against', 'out/model/MLmodel']],
  ])('%s', async (_name, args) => {
    expect((await verify(...args)).code).toBe(0);
  });

  test('a file with one of another name', async () => {
    await writeFile(join(at.cwd, 'copy'), 'flavors: {}\n');
    expect((await verify('-a', 'model/MLmodel', '--against', 'copy')).code).toBe(0);
    await flipByte(join(at.cwd, 'copy'));
    const { code, stdout } = await verify('-a', 'model/MLmodel', '--against', 'copy', '--output', 'json');
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({
      items: [{ path: 'model/MLmodel', local: join(at.cwd, 'copy'), differs: 'content' }],
    });
  });

  test('a URI', async () => {
    const uri = `runs:/${at.runId}/model`;
    expect((await at.run(['artifacts', 'verify', '-u', uri, '--against', 'out/model'])).code).toBe(0);
  });

  test('empty folders and what transfers leave alone do not count', async () => {
    await mkdir(out('empty folder'));
    await writeFile(out('.x.0123456789abcdef.partial'), 'left over');
    await rm(out('model/void'), { recursive: true });
    const { code, stderr } = await verify('--against', 'out');
    expect(code).toBe(0);
    expect(stderr).toContain('1 skipped: 1 left over');
  });
});

describe('what differs', () => {
  test('each kind is a line; exit 4', async () => {
    await writeFile(out('new'), 'x');
    await rm(out('model/data/weights'));
    await writeFile(out('file.txt'), 'longer');
    await flipByte(out('model/MLmodel'));
    await rm(out('model/empty'));
    await mkdir(out('model/empty'));
    await writeFile(out('model/empty/below'), 'x');
    const { code, stdout, stderr } = await verify('--against', 'out');
    expect(code).toBe(4);
    expect(stdout.trimEnd().split('\n').sort()).toEqual([
      expect.stringMatching(
        /^content differs {2}model\/MLmodel: sha256 [0-9a-f]{64} there, [0-9a-f]{64} here$/,
      ),
      'kind differs     model/empty: a file there, a folder here',
      'missing here     model/data/weights',
      'missing there    model/empty/below',
      'missing there    new',
      'size differs     file.txt: 3 bytes there, 6 here',
    ]);
    expect(stderr).toContain(
      '0 files are the same, 0 B; 6 not: 1 size, 1 missing here, 1 kind, 2 missing there, 1 content',
    );
    expect(stderr).toContain(`6 names differ between ${at.root} and ${join(at.cwd, 'out')}`);
    const quiet = await verify('--against', 'out', '-q');
    expect(quiet).toMatchObject({ code: 4, stdout: '' });
  });

  test.each([
    ['in the store', () => stored('model/data/weights')],
    ['here', () => out('model/data/weights')],
  ])('a byte flipped %s is found by content, not by size', async (_name, file) => {
    await flipByte(file());
    expect((await verify('--against', 'out', '--size-only')).code).toBe(0);
    const { code, stdout } = await verify('--against', 'out');
    expect({ code, line: stdout.slice(0, 42) }).toEqual({
      code: 4,
      line: 'content differs  model/data/weights: sha25',
    });
  });

  test('--output jsonl: an item for each, a summary last', async () => {
    await writeFile(out('file.txt'), 'longer');
    const { code, stdout } = await verify('--against', 'out', '--output', 'jsonl');
    expect(code).toBe(4);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      {
        ...{ path: 'file.txt', local: out('file.txt'), differs: 'size', bytes: 3, local_bytes: 6 },
        detail: '3 bytes there, 6 here',
      },
      {
        ...{ schema: 'mlstow.artifacts.verify/1', run_id: at.runId, artifact_uri: at.root },
        ...{ local_path: join(at.cwd, 'out'), files: 3, bytes: 17, differing: 1, differences: { size: 1 } },
        ...{ failed: 0, skipped: {}, verified: { checksum: 2, size: 1, none: 0 } },
      },
    ]);
  });

  test('--output json: one line, items and counts', async () => {
    const { code, stdout } = await verify('--against', 'out', '--output', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'mlstow.artifacts.verify/1',
      items: [],
      differing: 0,
    });
  });

  test('--manifest: a line for each file', async () => {
    await writeFile(out('file.txt'), 'longer');
    await verify('--against', 'out', '--manifest', 'm.jsonl', '--exclude', 'empty');
    const lines = (await readFile(join(at.cwd, 'm.jsonl'), 'utf8')).trimEnd().split('\n');
    const told = lines.map((line) => JSON.parse(line) as { path: string; action: string; why?: string });
    expect(told.map(({ path, action, why }) => `${path} ${action} ${why ?? ''}`).sort()).toEqual([
      'file.txt differs size',
      'model/MLmodel same ',
      'model/data/weights same ',
      'model/empty skipped excluded',
    ]);
    expect(told.find(({ action }) => action === 'same')).toMatchObject({
      verified: 'checksum',
      checksum: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
    });
  });

  test('--include and --exclude hold on both sides', async () => {
    await writeFile(out('new.tmp'), 'x');
    await flipByte(stored('file.txt'));
    expect((await verify('--against', 'out', '--exclude', '*.tmp', '--exclude', 'file.txt')).code).toBe(0);
    expect((await verify('--against', 'out', '--include', 'model')).code).toBe(0);
    expect((await verify('--against', 'out', '--include', '*.tmp')).code).toBe(4);
  });
});

describe('what cannot be compared', () => {
  test('no such folder, nothing at the target: exit 5', async () => {
    const missing = await verify('--against', 'nowhere');
    expect(missing).toMatchObject({ code: 5, stdout: '' });
    expect(missing.stderr).toContain(`${join(at.cwd, 'nowhere')} does not exist`);
    const nothing = await verify('-a', 'nowhere', '--against', 'out');
    expect(nothing).toMatchObject({ code: 5, stdout: '' });
    expect(nothing.stderr).toContain('there is nothing at');
    await rm(at.root, { recursive: true });
    expect(await verify('--against', 'out')).toMatchObject({ code: 5, stdout: '' });
  });

  test('a folder with a file, and no --against: exit 2', async () => {
    expect((await verify('-a', 'model', '--against', 'file.txt')).code).toBe(2);
    expect((await verify()).code).toBe(2);
  });

  test('a file that cannot be read is its own failure; the others are compared', async () => {
    await symlink('nowhere', out('dangling'));
    await flipByte(out('file.txt'));
    const { code, stdout, stderr } = await verify('--against', 'out');
    expect(code).toBe(4);
    expect(stdout).toContain(`failed           dangling: ${out('dangling')} does not exist\n`);
    expect(stdout).toContain('content differs  file.txt');
    expect(stderr).toContain('3 files are the same');
    expect(stderr).toContain('1 could not be read');
  });

  test('what is below a folder that cannot be walked is not called missing', async () => {
    await mkdir(stored('model/loop'));
    await writeFile(stored('model/loop/below'), 'x');
    await symlink('..', out('model/loop'));
    const { code, stdout } = await verify('--against', 'out');
    const failure = `${out('model/loop')} is a link back to a folder that contains it`;
    expect({ code, stdout }).toEqual({ code: 4, stdout: `failed           model/loop: ${failure}\n` });
  });
});

test('both places of a run are compared as one', async () => {
  const env = { MLFLOW_ARTIFACT_URI: join(at.cwd, 'elsewhere') };
  await writeFile(join(at.cwd, 'late.txt'), 'late');
  await at.must(['artifacts', 'log', 'late.txt', '-r', at.runId, '-q'], { env });
  expect((await verify('--against', 'out')).stdout).toBe('missing here     late.txt\n');
  await writeFile(out('late.txt'), 'late');
  expect((await verify('--against', 'out')).code).toBe(0);
});
