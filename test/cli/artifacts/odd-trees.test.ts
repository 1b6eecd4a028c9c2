import { execFile } from 'node:child_process';
import {
  appendFile,
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { mustRunCli, runCli, type CliPlace } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const COMMAND = join(import.meta.dirname, '../../../bin/mlstow.js');
const NOBODY = 65_534;
/** A long name. */
const LONG = 'x'.repeat(99);

let cwd: string;
let tree: string;
let place: CliPlace;
let runId: string;

beforeEach(async () => {
  cwd = await temporaryFolder();
  tree = join(cwd, 'tree');
  place = { cwd, env: { MLFLOW_TRACKING_URI: 'sqlite:///runs.db' } };
  await mkdir(tree);
  await mustRunCli(['experiments', 'create', '-n', 'e'], place);
  runId = (await mustRunCli(['runs', 'create', '--experiment-name', 'e', '-q'], place)).trim();
});

const log = async () => runCli(['artifacts', 'log', 'tree/', '-r', runId], place);
const download = async () => runCli(['artifacts', 'download', '-r', runId, '-d', 'out'], place);
const placed = async () => (await readdir(join(cwd, 'out'), { recursive: true })).sort();

/** Where the run's files are, for what no command makes there. */
async function rootOfRun(): Promise<string> {
  const out = await mustRunCli(['resolve', runId, '-q'], place);
  return out.trim().replace(/^file:\/\//, '');
}

describe('a tree with', () => {
  it('links: followed when logged, to files and folders, inside and outside; a loop is told', async () => {
    await mkdir(join(tree, 'd'));
    await mkdir(join(cwd, 'outside'));
    await writeFile(join(tree, 'd/file'), 'inside');
    await writeFile(join(cwd, 'outside/file'), 'outside');
    await symlink('d/file', join(tree, 'to-file'));
    await symlink('d', join(tree, 'to-folder'));
    await symlink('../outside', join(tree, 'to-outside'));
    await symlink('..', join(tree, 'd/loop'));
    await symlink('nowhere', join(tree, 'dangling'));
    const { code, stderr } = await log();
    expect(code).toBe(4);
    expect(stderr).toContain('failed: d/loop: ');
    expect(stderr).toContain('d/loop is a link back to a folder that contains it');
    expect(stderr).toContain('failed: dangling: ');
    expect((await download()).code).toBe(0);
    const all = ['d', 'd/file', 'to-file', 'to-folder', 'to-folder/file', 'to-outside', 'to-outside/file'];
    expect(await placed()).toEqual(all);
    expect(await readFile(join(cwd, 'out/to-outside/file'), 'utf8')).toBe('outside');
  });

  it('links at the source of a download: shown, not fetched', async () => {
    await writeFile(join(tree, 'file'), 'x');
    await log();
    await symlink('/etc/hostname', join(await rootOfRun(), 'link'));
    const { code, stderr } = await download();
    expect([code, await placed()]).toEqual([0, ['file']]);
    expect(stderr).toContain('link is a link or a special file at the source and is not downloaded');
  });

  it('a socket: left alone and told', async () => {
    await writeFile(join(tree, 'file'), 'x');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(tree, 'socket'), resolve));
    const { code, stderr } = await log();
    await new Promise((resolve) => server.close(resolve));
    expect(code).toBe(0);
    expect(stderr).toContain('tree/socket is not logged: it is neither a file nor a folder');
    expect((await download()).code).toBe(0);
    expect(await placed()).toEqual(['file']);
  });

  it('a file and a folder that may not be read: the others are logged', async () => {
    await mkdir(join(tree, 'closed'));
    for (const name of ['fine', 'secret', 'closed/file']) await writeFile(join(tree, name), 'x');
    const isRoot = process.getuid?.() === 0;
    if (isRoot)
      for (const path of [...(await readdir(cwd, { recursive: true })), '.'])
        await chown(join(cwd, path), NOBODY, NOBODY);
    await chmod(join(tree, 'secret'), 0);
    await chmod(join(tree, 'closed'), 0);
    const ended = await promisify(execFile)(
      process.execPath,
      [COMMAND, 'artifacts', 'log', 'tree/', '-r', runId],
      { cwd, env: { ...place.env, HOME: cwd }, ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}) },
    ).catch((thrown: unknown) => thrown as { code: number; stderr: string });
    await chmod(join(tree, 'closed'), 0o700);
    expect(ended).toMatchObject({ code: 4 });
    expect(ended.stderr).toMatch(/failed: closed: .*tree\/closed may not be read/);
    expect(ended.stderr).toMatch(/failed: secret: .*tree\/secret may not be read/);
    expect(await mustRunCli(['artifacts', 'list', '-r', runId, '-R', '-q'], place)).toBe('fine\n');
  });

  it('names that differ only in case or in normal form: all are kept', async () => {
    const names = ['README', 'e\u0301', 'readme', 'é'];
    for (const name of names) await writeFile(join(tree, name), `this is ${name}`);
    expect((await log()).code).toBe(0);
    expect((await download()).code).toBe(0);
    expect(await placed()).toEqual(names.toSorted());
    for (const name of names) expect(await readFile(join(cwd, 'out', name), 'utf8')).toBe(`this is ${name}`);
  });

  it('a path of 4 KB: kept where the place takes it, else told, the others being logged', async () => {
    await writeFile(join(tree, 'flat'), 'flat');
    const long = (segments: number): string => Array.from({ length: segments }, () => LONG).join('/');
    await mkdir(join(tree, long(25)), { recursive: true });
    await mkdir(join(cwd, 'other', long(25)), { recursive: true });
    await writeFile(join(cwd, 'other', long(25), 'file'), 'x');
    await rename(join(cwd, 'other'), join(tree, long(25), 'other'));
    const beyond = await log();
    expect(beyond.code).toBe(4);
    expect(beyond.stderr).toContain('has a path that is longer than this system takes');
    await rename(join(tree, long(25), 'other'), join(cwd, 'other'));

    const room = 4_095 - `${tree}//file`.length;
    const deep = `${long(Math.floor(room / 100))}/${'y'.repeat(room % 100)}`;
    await mkdir(join(tree, deep), { recursive: true });
    await writeFile(join(tree, deep, 'file'), 'deep');
    await writeFile(join(tree, 'flat'), 'another');
    const here = await log();
    expect(here.code).toBe(4);
    expect(here.stderr).toMatch(/ENAMETOOLONG|too long|longer than/);
    expect(await mustRunCli(['artifacts', 'list', '-r', runId, '-q'], place)).toContain('flat\n');

    const half = long(38);
    await writeFile(join(tree, half, 'half'), 'half');
    expect((await runCli(['artifacts', 'log', 'tree/', '-r', runId, '--include', 'half'], place)).code).toBe(
      0,
    );
    const root = await rootOfRun();
    expect(await readFile(join(root, half, 'half'), 'utf8')).toBe('half');
    expect((await download()).code).toBe(0);
    expect(await readFile(join(cwd, 'out', half, 'half'), 'utf8')).toBe('half');
  });

  it('a file that grows while it is read: told, and never there in part', async () => {
    const file = join(tree, 'growing');
    await writeFile(file, '');
    await truncate(file, 64 * 1024 ** 2);
    await writeFile(join(tree, 'still'), 'x');
    const end = new AbortController();
    const growing = (async () => {
      while (!end.signal.aborted) {
        await appendFile(file, 'more');
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    const { code, stderr } = await log().finally(() => end.abort());
    await growing;
    expect(code).toBe(4);
    expect(stderr).toContain('growing changed while it was being read');
    expect(await mustRunCli(['artifacts', 'list', '-r', runId, '-q'], place)).toBe('still\n');
    expect(await readdir(dirname(join(await rootOfRun(), 'still')))).toEqual(['still']);
  });
});
