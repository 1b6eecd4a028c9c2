import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { mustRunCli, runCli, type CliPlace } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const COMMAND = join(import.meta.dirname, '../../../bin/mlstow.js');

let cwd: string;
let place: CliPlace;
let runId: string;

beforeEach(async () => {
  cwd = await temporaryFolder();
  place = { cwd, env: { MLFLOW_TRACKING_URI: 'sqlite:///runs.db' } };
  await mkdir(join(cwd, 'tree'));
  for (let i = 0; i < 40; i += 1) await writeFile(join(cwd, `tree/f${i}`), `content ${i}`);
  await mustRunCli(['experiments', 'create', '-n', 'e'], place);
  runId = (await mustRunCli(['runs', 'create', '--experiment-name', 'e', '-q'], place)).trim();
});

describe('files that are shown while they move', () => {
  it('are all in the JSON lines, with a summary at the end', async () => {
    const out = await mustRunCli(['artifacts', 'log', 'tree', '-r', runId, '--output', 'jsonl'], place);
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toHaveLength(41);
    expect(lines.at(-1)).toMatchObject({ files: 40, failed: 0, skipped: {}, verified: { size: 40 } });
    expect(lines[0]).toMatchObject({ verified: 'size' });
  });

  it('come before a failure that is none of theirs, and nothing comes before one that is of them all', async () => {
    const down = ['artifacts', 'download', '-r', runId, '-a', 'nothing', '--output', 'json'];
    const { code, stdout, stderr } = await runCli(down, place);
    expect([code, stdout]).toEqual([5, '']);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'not-found' } });
  });
});

describe('notes of a transfer', () => {
  const journals = async () => readdir(join(cwd, '.local/state/mlstow/transfers')).catch(() => []);

  it('stay when a file failed, spare the next try what arrived, and go when all did', async () => {
    await mkdir(join(cwd, 'out/tree/f7'), { recursive: true });
    await mustRunCli(['artifacts', 'log', 'tree', '-r', runId], place);
    const down = ['artifacts', 'download', '-r', runId, '-d', 'out'];
    const first = await runCli(down, place);
    expect([first.code, (await journals()).length]).toEqual([4, 1]);
    await rmdir(join(cwd, 'out/tree/f7'));
    const again = await runCli(down, place);
    expect(again.code).toBe(0);
    expect(again.stderr).toMatch(/1 file, 9 B, verified 1 by size from .*; 39 skipped: 39 done before\n/);
    expect(await readFile(join(cwd, 'out/tree/f7'), 'utf8')).toBe('content 7');
    expect(await journals()).toEqual([]);
  });

  it('are neither taken nor read with --no-resume', async () => {
    await mkdir(join(cwd, 'out/tree/f7'), { recursive: true });
    await mustRunCli(['artifacts', 'log', 'tree', '-r', runId], place);
    const down = ['artifacts', 'download', '-r', runId, '-d', 'out', '--no-resume'];
    expect((await runCli(down, place)).code).toBe(4);
    expect(await journals()).toEqual([]);
    expect((await runCli(down, place)).stderr).not.toContain('done before');
  });
});

describe('speed', () => {
  it('is what --bwlimit and --workers allow, and a wrong value is a usage error', async () => {
    const limited = ['artifacts', 'log', 'tree', '-r', runId, '--workers', '2', '--bwlimit', '1M'];
    expect((await runCli(limited, place)).code).toBe(0);
    for (const wrong of [
      ['--workers', '0'],
      ['--bwlimit', 'fast'],
    ]) {
      expect((await runCli(['artifacts', 'log', 'tree', '-r', runId, ...wrong], place)).code).toBe(2);
    }
  });
});

describe('JSON on standard error', () => {
  it('tells each file and the end as events', async () => {
    const args = ['artifacts', 'log', 'tree', '-r', runId, '--log-format', 'json', '--verbose'];
    const { stderr } = await runCli(args, place);
    const events = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.filter(({ event }) => event === 'file-done')).toHaveLength(40);
    expect(events.at(-1)).toMatchObject({ event: 'summary', files: 40, failed: 0, skipped: 0 });
  });
});

describe('with few files to be opened', () => {
  it('log and download of many files complete', async () => {
    const many = join(cwd, 'many');
    await mkdir(many);
    for (let i = 0; i < 400; i += 1) await writeFile(join(many, `f${i}`), `content ${i}`);
    const run = async (...args: readonly string[]) => {
      const limited = `ulimit -n 64; exec "$0" "$@"`;
      const child = spawn('sh', ['-c', limited, process.execPath, COMMAND, ...args], {
        cwd,
        env: { PATH: process.env['PATH'], HOME: cwd, MLFLOW_TRACKING_URI: 'sqlite:///runs.db' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let err = '';
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      child.stdout.resume();
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, err };
    };
    for (const workers of ['32', '1000']) {
      const up = await run('artifacts', 'log', 'many', '-r', runId, '--workers', workers);
      expect(up.code, up.err).toBe(0);
      const to = `out-${workers}`;
      const down = await run('artifacts', 'download', '-r', runId, '-d', to, '--workers', workers);
      expect(down.code, down.err).toBe(0);
      expect(await readdir(join(cwd, to, 'many'))).toHaveLength(400);
    }
  });
});
