import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runMlstow } from '../../interop/mlstow-command.ts';
import { artifactsPlace, type ArtifactsPlace } from './place.ts';

const MODEL = ['MLmodel', 'data', 'data/weights', 'empty', 'void'];
const under = (folder: string, names: readonly string[]): readonly string[] => {
  const parts = folder.split('/');
  const folders = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
  return [...folders, ...names.map((name) => `${folder}/${name}`)];
};

async function log(at: ArtifactsPlace, ...args: string[]) {
  return at.run(['artifacts', 'log', ...args, '-r', at.runId]);
}

describe('artifacts log: where things go', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['a file', ['file.txt'], ['file.txt']],
    ['a file under a folder', ['file.txt', '-a', 'in/here'], under('in/here', ['file.txt'])],
    ['a slash after -a changes nothing', ['file.txt', '-a', 'in/here/'], under('in/here', ['file.txt'])],
    ['-a . is the root', ['file.txt', '-a', '.'], ['file.txt']],
    ['a folder, under its own name', ['model'], under('model', MODEL)],
    ['the contents of a folder', ['model/'], MODEL],
    ['the contents of a folder under another', ['model/', '-a', 'm'], under('m', MODEL)],
    ['a folder named by way of another', ['model/data/..'], under('model', MODEL)],
    ['several', ['file.txt', 'model/data'], ['data', 'data/weights', 'file.txt']],
  ])('%s', async (_, args, expected) => {
    const at = await artifactsPlace();
    const result = await log(at, ...args);
    expect(result, result.stderr).toMatchObject({ code: 0, stdout: '' });
    expect([...(await at.listed())].sort()).toEqual([...expected].sort());
  });

  test('. is the working folder under its real name, ./ its contents', async () => {
    const at = await artifactsPlace();
    await at.must(['artifacts', 'log', '.', '-r', at.runId]);
    const name = basename(at.cwd);
    expect(await at.listed()).toContain(`${name}/model/data/weights`);
    const other = await artifactsPlace();
    await other.must(['artifacts', 'log', './', '-r', other.runId]);
    expect(await other.listed()).toContain('model/data/weights');
  });

  test('bytes arrive as they are, from files and from standard input', async () => {
    const at = await artifactsPlace();
    await at.must(['artifacts', 'log', 'file.txt', '-r', at.runId]);
    const piped = ['artifacts', 'log', '-', '--name', 'dump/db.sql', '-a', 'sql', '-r', at.runId];
    await at.must(piped, { stdin: 'piped bytes' });
    expect(await readFile(join(at.root, 'file.txt'), 'utf8')).toBe('one');
    expect(await readFile(join(at.root, 'sql', 'dump', 'db.sql'), 'utf8')).toBe('piped bytes');
  });

  test('the built command reads a pipe and the run from MLFLOW_RUN_ID', async () => {
    const at = await artifactsPlace();
    const place = { cwd: at.cwd, env: { MLFLOW_RUN_ID: at.runId }, input: 'x'.repeat(300_000) };
    expect(await runMlstow(['artifacts', 'log', '-', '--name', 'n'], place)).toMatchObject({
      code: 0,
      stdout: '',
    });
    expect(await readFile(join(at.root, 'n'), 'utf8')).toBe(place.input);
  });

  test('logging again replaces', async () => {
    const at = await artifactsPlace();
    for (const text of ['a longer first text', 'short'])
      await at.must(['artifacts', 'log', '-', '--name', 'n', '-r', at.runId], { stdin: text });
    expect(await readFile(join(at.root, 'n'), 'utf8')).toBe('short');
  });
});

describe('artifacts log: what is refused before the first byte', () => {
  test.each<[string, readonly string[], number, string]>([
    ['a missing file', ['file.txt', 'nowhere'], 5, 'nowhere does not exist'],
    ['two of one name', ['file.txt', 'model/../file.txt'], 2, 'would both be stored as file.txt'],
    ['a folder and the contents of another with its name', ['model/', 'model/data'], 2, 'data'],
    ['- without a name', ['-'], 2, '--name'],
    ['a name without -', ['file.txt', '--name', 'n'], 2, '--name'],
    ['a name that leads out', ['-', '--name', '../n'], 2, '".."'],
    ['an absolute -a', ['file.txt', '-a', '/etc'], 2, 'starts with a slash'],
    ['an -a that leads out', ['file.txt', '-a', 'a/../../b'], 2, '".."'],
    ['an empty -a, an unset variable', ['file.txt', '-a', ''], 2, 'empty value'],
    ['a file with a slash', ['file.txt/'], 2, 'file.txt is a file, not a folder'],
  ])('%s', async (_, args, code, says) => {
    const at = await artifactsPlace();
    const result = await log(at, ...args);
    expect(result, result.stderr).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(says);
    expect(await at.listed()).toEqual([]);
  });

  test('no run, and no source', async () => {
    const at = await artifactsPlace();
    const nobody = await at.run(['artifacts', 'log', 'file.txt']);
    expect(nobody).toMatchObject({ code: 2, stdout: '' });
    expect(nobody.stderr).toContain('MLFLOW_RUN_ID');
    expect(await at.run(['artifacts', 'log', '-r', at.runId])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe("mlflow's own commands", () => {
  test('log-artifact and log-artifacts place as mlflow does', async () => {
    const at = await artifactsPlace();
    await at.must(['artifacts', 'log-artifact', '-l', 'file.txt', '-r', at.runId, '-a', 'f']);
    await at.must(['artifacts', 'log-artifact', '--local-file', 'file.txt', '--run-id', at.runId]);
    await at.must(['artifacts', 'log-artifacts', '-l', 'model/data', '-r', at.runId, '-a', 'd']);
    await at.must(['artifacts', 'log-artifacts', '--local-dir', 'model/data/', '--run-id', at.runId]);
    expect([...(await at.listed())].sort()).toEqual(
      ['d', 'd/weights', 'f', 'f/file.txt', 'file.txt', 'weights'].sort(),
    );
  });

  test.each<[string, readonly string[], number, string]>([
    ['a missing file', ['log-artifact', '-l', 'nowhere'], 5, 'nowhere does not exist'],
    ['a missing folder', ['log-artifacts', '-l', 'nowhere'], 5, 'nowhere does not exist'],
    ['a folder as a file', ['log-artifact', '-l', 'model'], 2, 'log-artifacts -l'],
    ['a file as a folder', ['log-artifacts', '-l', 'file.txt'], 2, 'log-artifact -l'],
    ['no source', ['log-artifact'], 2, '--local-file'],
  ])('%s', async (_, args, code, says) => {
    const at = await artifactsPlace();
    const result = await at.run(['artifacts', ...args, '-r', at.runId]);
    expect(result, result.stderr).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(says);
    expect(await at.listed()).toEqual([]);
  });
});

describe('artifacts log: what it says', () => {
  test('text: nothing on stdout, the summary on stderr', async () => {
    const at = await artifactsPlace();
    const { stdout, stderr } = await log(at, 'model/', '--verbose');
    expect(stdout).toBe('');
    expect(stderr).toContain(`logged contents of model/ to ${at.root}: 3 files, 17 B`);
  });

  test('-q: the URI written, which leads there again, and nothing on stderr', async () => {
    const at = await artifactsPlace();
    const written = async (...args: readonly string[]) => {
      const { stdout, stderr } = await log(at, ...args, '-q');
      expect(stderr).toBe('');
      return stdout.trimEnd();
    };
    expect(await written('file.txt')).toBe(`${at.root}/file.txt`);
    expect(await written('file.txt', '-a', 'x/y')).toBe(`${at.root}/x/y/file.txt`);
    expect(await written('model', '-a', 'x')).toBe(`${at.root}/x/model`);
    expect(await written('model/', '-a', 'x')).toBe(`${at.root}/x`);
    expect(await written('file.txt', 'model')).toBe(at.root);
    expect(await written('file.txt', 'model', '-a', 'x')).toBe(`${at.root}/x`);
    const uri = await written('model');
    expect(uri).toBe(`${at.root}/model`);
    expect(await at.must(['artifacts', 'list', '-u', uri, '-q'])).toMatch(/^MLmodel\n/);
  });

  test('--output json: one line with every file', async () => {
    const at = await artifactsPlace();
    const { stdout } = await log(at, 'model', '--output', 'json', '--verbose');
    expect(stdout.trimEnd()).not.toContain('\n');
    const told = JSON.parse(stdout) as { items: { path: string; bytes: number; verified: string }[] };
    expect(told).toMatchObject({
      schema: 'mlstow.artifacts.log/1',
      run_id: at.runId,
      artifact_uri: at.root,
      files: 3,
      bytes: 17,
      failed: 0,
    });
    expect(told.items.map(({ path, bytes }) => [path, bytes]).sort()).toEqual([
      ['model/MLmodel', 12],
      ['model/data/weights', 5],
      ['model/empty', 0],
    ]);
    for (const { verified } of told.items) expect(verified).toMatch(/^(checksum|size)$/);
  });

  test('--output jsonl: a line for each file, a summary last', async () => {
    const at = await artifactsPlace();
    const { stdout } = await log(at, 'model', '--output', 'jsonl', '--verbose');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toHaveLength(4);
    expect(lines.at(-1)).toMatchObject({ schema: 'mlstow.artifacts.log/1', files: 3 });
  });

  test('a warning is on stderr, also with -q', async () => {
    const at = await artifactsPlace();
    const named = ['artifacts', 'log', '-', '--name', 'a', '-r', at.runId, '-q'];
    const env = { MLFLOW_ARTIFACT_URI: join(at.cwd, 'elsewhere') };
    const { code, stdout, stderr } = await at.run(named, { env, stdin: 'x' });
    expect(code).toBe(0);
    expect(stdout.trimEnd()).toMatch(new RegExp(`/elsewhere/\\d+/${at.runId}/artifacts/a$`));
    expect(stderr).toMatch(/^warning: .*stock MLflow clients read only/);
  });
});
