import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { artifactsPlace, type ArtifactsPlace } from './place.ts';

let at: ArtifactsPlace;

beforeEach(async () => {
  at = await artifactsPlace();
  await at.must(['artifacts', 'log', 'file.txt', 'model', '-r', at.runId]);
});

const list = async (...args: string[]) => at.run(['artifacts', 'list', ...args]);
const download = async (...args: string[]) => at.run(['artifacts', 'download', ...args]);

async function filesBelow(folder: string): Promise<readonly string[]> {
  const found = await readdir(join(at.cwd, folder), { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(at.cwd.length + 1)).sort();
}

describe('artifacts list', () => {
  test('text is the JSON array of mlflow', async () => {
    const { stdout } = await list('-r', at.runId, '--verbose');
    expect(JSON.parse(stdout)).toEqual([
      { path: 'file.txt', is_dir: false, file_size: 3 },
      { path: 'model', is_dir: true },
    ]);
    const below = await list('-r', at.runId, '-a', 'model');
    expect(JSON.parse(below.stdout)).toEqual([
      { path: 'model/MLmodel', is_dir: false, file_size: 12 },
      { path: 'model/data', is_dir: true },
      { path: 'model/empty', is_dir: false },
      { path: 'model/void', is_dir: true },
    ]);
  });

  test.each(['model', 'model/'])('-a %s is one place', async (path) => {
    const { stdout } = await list('-r', at.runId, '-a', path, '-q');
    expect(stdout).toBe('model/MLmodel\nmodel/data\nmodel/empty\nmodel/void\n');
  });

  test('-a . is the root', async () => {
    expect((await list('-r', at.runId, '-a', '.', '-q')).stdout).toBe('file.txt\nmodel\n');
  });

  test('-R -q: one path per line', async () => {
    const { stdout, stderr } = await list('-r', at.runId, '-R', '-q');
    const all = [
      'file.txt',
      'model',
      'model/MLmodel',
      'model/data',
      'model/data/weights',
      'model/empty',
      'model/void',
    ];
    expect(stdout.trimEnd().split('\n').sort()).toEqual(all);
    expect(stderr).toBe('');
  });

  test('--output json and jsonl', async () => {
    const { stdout } = await list('-r', at.runId, '-R', '--output', 'json', '--verbose');
    const told = JSON.parse(stdout) as { schema: string; items: Record<string, unknown>[] };
    expect(told.schema).toBe('mlstow.artifacts.list/1');
    const weights = told.items.find(({ path }) => path === 'model/data/weights');
    expect(weights).toMatchObject({ is_dir: false, file_size: 5 });
    expect(Date.parse(String(weights?.['last_modified']))).toBeGreaterThan(0);
    const lines = (await list('-r', at.runId, '--output', 'jsonl')).stdout.trimEnd().split('\n');
    expect(lines.map((line) => Object.keys(JSON.parse(line) as object)[0])).toEqual([
      'path',
      'path',
      'schema',
    ]);
  });

  test('-u: a path, a file: and a runs: URI, each relative to itself', async () => {
    for (const uri of [at.root, `file://${at.root}`, `runs:/${at.runId}`]) {
      expect((await list('-u', uri, '-q')).stdout, uri).toBe('file.txt\nmodel\n');
    }
    expect((await list('-u', `runs:/${at.runId}/model/data`, '-q')).stdout).toBe('weights\n');
  });

  test('nothing there is an empty list, nobody asked is a usage error', async () => {
    expect(await list('-r', at.runId, '-a', 'nowhere')).toMatchObject({ code: 0, stdout: '[]\n' });
    expect(await list()).toMatchObject({ code: 2, stdout: '' });
    expect(await list('-r', '')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('artifacts download', () => {
  const MODEL = ['out/model/MLmodel', 'out/model/data/weights', 'out/model/empty'];

  test.each<[string, readonly string[], readonly string[], string]>([
    ['a run', [], ['out/file.txt', ...MODEL], 'out'],
    ['a file', ['-a', 'file.txt'], ['out/file.txt'], 'out/file.txt'],
    ['a folder', ['-a', 'model'], MODEL, 'out/model'],
    ['the contents of a folder', ['-a', 'model/data/'], ['out/weights'], 'out'],
    ['a folder of a folder', ['-a', 'model/data'], ['out/data/weights'], 'out/data'],
  ])('%s: the last line is where it is', async (_, args, files, last) => {
    const { code, stdout } = await download('-r', at.runId, '-d', 'out', '--verbose', ...args);
    expect(code).toBe(0);
    expect(stdout).toBe(`\n${join(at.cwd, last)}\n`);
    expect(await filesBelow('out')).toEqual([...files].sort());
  });

  test.each(['file.txt', 'model'])('-u …/%s', async (name) => {
    for (const [number, uri] of [join(at.root, name), `runs:/${at.runId}/${name}`].entries()) {
      const { stdout } = await download('-u', uri, '-d', `out${number}`, '-q');
      expect(stdout, uri).toBe(`${join(at.cwd, `out${number}`, name)}\n`);
    }
  });

  test('without -d: a new folder, never the store', async () => {
    const first = (await download('-r', at.runId, '-q')).stdout.trim();
    const second = (await download('-r', at.runId, '-q')).stdout.trim();
    onTestFinished(async () => {
      for (const folder of [first, second]) await rm(folder, { recursive: true });
    });
    expect(first).not.toBe(second);
    expect(first.startsWith(at.root)).toBe(false);
    expect(await readFile(join(first, 'model', 'data', 'weights'), 'utf8')).toBe('12345');
  });

  test('what is in the target folder already stays, but for what is replaced', async () => {
    await mkdir(join(at.cwd, 'out'));
    await writeFile(join(at.cwd, 'out', 'mine'), 'mine');
    await writeFile(join(at.cwd, 'out', 'file.txt'), 'to be replaced');
    await download('-r', at.runId, '-a', 'file.txt', '-d', 'out');
    expect(await readFile(join(at.cwd, 'out', 'mine'), 'utf8')).toBe('mine');
    expect(await readFile(join(at.cwd, 'out', 'file.txt'), 'utf8')).toBe('one');
  });

  test('--output json and jsonl', async () => {
    const { stdout } = await download('-r', at.runId, '-d', 'out', '--output', 'json', '--verbose');
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'mlstow.artifacts.download/1',
      run_id: at.runId,
      artifact_uri: at.root,
      local_path: join(at.cwd, 'out'),
      files: 4,
      bytes: 20,
      failed: 0,
    });
    const lines = (await download('-r', at.runId, '-d', 'o2', '--output', 'jsonl')).stdout
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(5);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ schema: 'mlstow.artifacts.download/1' });
  });

  test('what is not there leaves no folder', async () => {
    const result = await download('-r', at.runId, '-a', 'model/nowhere', '-d', 'out');
    expect(result).toMatchObject({ code: 5, stdout: '' });
    expect(result.stderr).toContain(`there is nothing at ${at.root}/model/nowhere`);
    expect(result.stderr).toContain(`mlstow artifacts list -R -r ${at.runId}`);
    expect(await readdir(at.cwd)).not.toContain('out');
  });

  test('-u wins over -r and -a, with a warning on stderr', async () => {
    const args = ['-u', join(at.root, 'file.txt'), '-r', at.runId, '-a', 'model', '-d', 'out', '-q'];
    const { stdout, stderr } = await download(...args);
    expect(stdout).toBe(`${join(at.cwd, 'out', 'file.txt')}\n`);
    expect(stderr).toMatch(/^warning: .*ignored\n$/);
  });
});
