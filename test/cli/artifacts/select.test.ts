import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { mustRunCli, runCli, type CliPlace } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

let cwd: string;
let place: CliPlace;
let runId: string;
let log: readonly string[];

beforeEach(async () => {
  cwd = await temporaryFolder();
  place = { cwd, env: { MLFLOW_TRACKING_URI: 'sqlite:///runs.db' } };
  await mkdir(join(cwd, 'tree/logs'), { recursive: true });
  await mkdir(join(cwd, 'tree/hollow'));
  for (const name of ['a.pkl', 'b.txt', 'logs/c.log', 'logs/d.pkl'])
    await writeFile(join(cwd, 'tree', name), name);
  await mustRunCli(['experiments', 'create', '-n', 'e'], place);
  runId = (await mustRunCli(['runs', 'create', '--experiment-name', 'e', '-q'], place)).trim();
  log = ['artifacts', 'log', 'tree', '-r', runId];
});

const filesIn = async (): Promise<string[]> => (await readdir(cwd, { recursive: true })).sort();
const listed = async (): Promise<string> => mustRunCli(['artifacts', 'list', '-r', runId, '-R', '-q'], place);
const linesOf = (out: string): Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('--include and --exclude', () => {
  it('choose what is logged and what is downloaded', async () => {
    const logged = await runCli(
      [...log, '--include', '*.pkl', '--include', 'hollow/', '--exclude', '/logs/'],
      place,
    );
    expect(logged.stderr).toMatch(/logged tree to .*: 1 file, 5 B.*; 2 skipped: 2 excluded\n/);
    expect(await listed()).toBe('tree\ntree/a.pkl\ntree/hollow\n');
    await mustRunCli(log, place);
    await mustRunCli(
      ['artifacts', 'download', '-r', runId, '-a', 'tree', '-d', 'out', '--exclude', '/*.pkl'],
      place,
    );
    expect((await readdir(join(cwd, 'out'), { recursive: true })).sort()).toEqual([
      'tree',
      'tree/b.txt',
      'tree/hollow',
      'tree/logs',
      'tree/logs/c.log',
      'tree/logs/d.pkl',
    ]);
  });

  it('choose among the files named one by one, and the one file asked for', async () => {
    await mustRunCli(
      ['artifacts', 'log', 'tree/a.pkl', 'tree/b.txt', '-r', runId, '--exclude', '*.txt'],
      place,
    );
    expect(await listed()).toBe('a.pkl\n');
    const down = ['artifacts', 'download', '-r', runId, '-a', 'a.pkl', '-d', 'out', '--include', '*.txt'];
    expect((await runCli(down, place)).stderr).toContain('0 files, 0 B from');
  });

  it.each([
    ['--include', '# comment'],
    ['--exclude', '/'],
    ['--exclude', ''],
  ])('a pattern that matches nothing is exit 2: %s %j', async (flag, pattern) => {
    const { code, stderr } = await runCli([...log, flag, pattern], place);
    expect([code, stderr]).toEqual([2, expect.stringContaining(flag)]);
    expect(await listed()).toBe('');
  });
});

describe('--if-exists', () => {
  it('fail: refuses before the first byte, naming the first and how many', async () => {
    await mustRunCli([...log, '--include', '*.pkl'], place);
    const { code, stderr } = await runCli([...log, '--if-exists', 'fail'], place);
    expect(code).toBe(8);
    expect(stderr).toContain('tree/a.pkl and 1 more are at');
    expect(await listed()).not.toContain('b.txt');
    expect((await runCli([...log, '--if-exists', 'fail', '--exclude', '*.pkl'], place)).code).toBe(0);
    const down = ['artifacts', 'download', '-r', runId, '-d', 'out', '--if-exists', 'fail'];
    expect((await runCli(down, place)).code).toBe(0);
    expect((await runCli(down, place)).code).toBe(8);
  });

  it('skip and newer: leave alone what is there, or what is not older', async () => {
    await mustRunCli(log, place);
    await writeFile(join(cwd, 'tree/a.pkl'), 'other');
    await writeFile(join(cwd, 'tree/b.txt'), 'a longer one');
    const past = new Date(Date.now() - 3_600_000);
    for (const name of ['b.txt', 'logs/c.log', 'logs/d.pkl'])
      await utimes(join(cwd, 'tree', name), past, past);
    const skip = await runCli([...log, '--if-exists', 'skip'], place);
    expect(skip.stderr).toMatch(/: 0 files, 0 B; 4 skipped: (3 same, 1 exists|1 exists, 3 same)\n/);
    const later = new Date(Date.now() + 3_600_000);
    await utimes(join(cwd, 'tree/a.pkl'), later, later);
    const newer = await runCli([...log, '--if-exists', 'newer'], place);
    expect(newer.stderr).toMatch(/: 1 file, 5 B.*; 3 skipped: (2 same, 1 older|1 older, 2 same)\n/);
    await mustRunCli(['artifacts', 'download', '-r', runId, '-d', 'out'], place);
    expect(await readFile(join(cwd, 'out/tree/a.pkl'), 'utf8')).toBe('other');
    expect(await readFile(join(cwd, 'out/tree/b.txt'), 'utf8')).toBe('b.txt');
    const down = ['artifacts', 'download', '-r', runId, '-d', 'out', '--if-exists'];
    expect((await runCli([...down, 'newer'], place)).stderr).toContain('4 skipped: 4 same');
    expect((await runCli([...down, 'sometimes'], place)).code).toBe(2);
  });
});

describe('--dry-run', () => {
  it('shows what would be logged and makes nothing', async () => {
    await mustRunCli([...log, '--include', '*.pkl'], place);
    await writeFile(join(cwd, 'tree/a.pkl'), 'a longer one');
    const before = await filesIn();
    const dry = await runCli([...log, '--exclude', '*.txt', '--dry-run'], place);
    expect(dry.code).toBe(0);
    expect(dry.stdout.split('\n')).toEqual([
      'differs          12 B  tree/a.pkl',
      'excluded               tree/b.txt',
      'folder                 tree/hollow',
      'new              10 B  tree/logs/c.log',
      'overwrite        10 B  tree/logs/d.pkl',
      '',
    ]);
    expect(dry.stderr).toMatch(/dry run: 3 files, 32 B would be logged to .*; skipped: 1 excluded\n/);
    const items = linesOf(
      await mustRunCli([...log, '--dry-run', '--if-exists', 'skip', '--output', 'jsonl'], place),
    );
    expect(items[0]).toEqual({
      path: 'tree/a.pkl',
      local: join(cwd, 'tree/a.pkl'),
      bytes: 12,
      action: 'skip',
      why: 'exists',
    });
    expect(items.at(-1)).toMatchObject({
      dry_run: true,
      files: 2,
      bytes: 15,
      failed: 0,
      skipped: { exists: 1, same: 1 },
    });
    expect(await filesIn()).toEqual(before);
  });

  it('shows what would be downloaded and makes nothing', async () => {
    await mustRunCli(log, place);
    const before = await filesIn();
    const down = ['artifacts', 'download', '-r', runId, '--exclude', 'logs/', '--dry-run'];
    for (const to of [[], ['-d', 'out']]) {
      const dry = await runCli([...down, ...to], place);
      expect(dry.stdout.split('\n')).toEqual([
        'folder                 tree',
        'new               5 B  tree/a.pkl',
        'new               5 B  tree/b.txt',
        'folder                 tree/hollow',
        'excluded         10 B  tree/logs/c.log',
        'excluded         10 B  tree/logs/d.pkl',
        '',
      ]);
    }
    expect(await filesIn()).toEqual(before);
  });

  it('records no place and no origin on the run', async () => {
    const env = { ...place.env, MLFLOW_ARTIFACT_URI: join(cwd, 'elsewhere') };
    await mustRunCli([...log, '--dry-run'], { ...place, env });
    expect(await mustRunCli(['runs', 'get', '-r', runId], place)).not.toContain('mlstow.artifactUri');
    expect(await readdir(cwd)).not.toContain('elsewhere');
  });

  it('fails as the transfer would', async () => {
    expect((await runCli(['artifacts', 'log', 'missing', '-r', runId, '--dry-run'], place)).code).toBe(5);
    const both = await runCli([...log, '--dry-run', '--manifest', 'm.jsonl'], place);
    expect([both.code, await readdir(cwd)]).toEqual([2, expect.not.arrayContaining(['m.jsonl'])]);
  });
});

describe('--manifest', () => {
  it('has a line for each file, moved or not', async () => {
    await mustRunCli([...log, '--exclude', '*.txt', '--manifest', 'up.jsonl'], place);
    const up = linesOf(await readFile(join(cwd, 'up.jsonl'), 'utf8'));
    expect(up.map(({ path, action, why }) => [path, action, why]).sort()).toEqual([
      ['tree/a.pkl', 'moved', 'overwrite'],
      ['tree/b.txt', 'skipped', 'excluded'],
      ['tree/logs/c.log', 'moved', 'overwrite'],
      ['tree/logs/d.pkl', 'moved', 'overwrite'],
    ]);
    await mkdir(join(cwd, 'out/tree/a.pkl'), { recursive: true });
    const down = [
      'artifacts',
      'download',
      '-r',
      runId,
      '-d',
      'out',
      '--manifest',
      'down.jsonl',
      '--no-resume',
    ];
    expect((await runCli(down, place)).code).toBe(4);
    const lines = linesOf(await readFile(join(cwd, 'down.jsonl'), 'utf8'));
    expect(lines.map(({ path, action, verified }) => [path, action, verified]).sort()).toEqual([
      ['tree/a.pkl', 'failed', undefined],
      ['tree/logs/c.log', 'moved', 'size'],
      ['tree/logs/d.pkl', 'moved', 'size'],
    ]);
  });

  it('that cannot be written stops everything before the first byte', async () => {
    const { code, stderr } = await runCli([...log, '--manifest', 'missing/m.jsonl'], place);
    expect([code, stderr]).toEqual([5, expect.stringContaining('missing/m.jsonl cannot be written')]);
    expect(await listed()).toBe('');
  });
});
