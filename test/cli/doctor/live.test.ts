import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../testbeds/bed.ts';
import { startSilence } from '../../testbeds/black-hole.ts';
import { startFtpServer } from '../../testbeds/ftp-server/ftp-server.ts';
import { startListener, type Answer } from '../../testbeds/listener.ts';
import { runCli } from '../run-cli.ts';
import {
  doctorPlace,
  examine,
  mlstow,
  type DoctorPlace,
  type Environment,
  type Told,
} from './doctor-place.ts';

async function blackHole(): Promise<number> {
  const hole = await startSilence();
  onTestFinished(() => hole.stop());
  return hole.port;
}

async function listening(answer: Answer): Promise<string> {
  const listener = await startListener(answer);
  onTestFinished(() => listener.stop());
  return listener.url;
}

async function only(
  id: string,
  place: DoctorPlace,
  env: Environment = {},
  ...args: readonly string[]
): Promise<Told> {
  const { items } = await examine(place, env, ['--only', id, ...args]);
  const found = items.filter(({ check }) => check === id);
  const [first] = [...found.filter(({ level }) => level !== 'ok'), ...found];
  if (!first) throw new Error(`${id} says nothing`);
  return first;
}

/** A local root with an experiment and a run in it. */
async function localRoot(): Promise<{ place: DoctorPlace; root: string; run: string }> {
  const place = await doctorPlace();
  const root = join(place.home, 'models');
  await mkdir(root);
  const experiment = await mlstow(place, 'experiments', 'create', '-n', 'churn', '-l', root, '-q');
  const run = await mlstow(place, 'runs', 'create', '--experiment-id', experiment.trim(), '-q');
  return { place, root, run: run.trim() };
}

const HOUR_MS = 3_600_000;
const HEX = '0123456789abcdef';
const probe = (ageMs: number): string => `.mlstow-doctor-${Date.now() - ageMs}-${HEX}`;

describe('roots', () => {
  test('ten of them, two of which are black holes: the others are told of, within 30 s', async () => {
    const place = await doctorPlace();
    const holes = [`sftp://ada@127.0.0.1:${await blackHole()}/a`, `ftp://127.0.0.1:${await blackHole()}/b`];
    const folders = Array.from({ length: 8 }, (_, n) => join(place.home, `root-${n}`));
    for (const folder of folders) await mkdir(folder);
    for (const root of [...folders, ...holes])
      await mlstow(place, 'experiments', 'create', '-n', root, '-l', root);
    const { code, items, stderr } = await examine(place, {}, ['--deadline', '30s']);
    expect({ code, stderr }).toMatchObject({ code: 3 });
    const of = (id: string, level: string) =>
      items.filter((item) => item.check === id && item.level === level).map(({ subject }) => subject);
    expect(of('D74', 'fail').sort()).toEqual(holes.sort());
    expect(of('D23', 'ok').sort()).toEqual(folders);
    expect(of('D23', 'skip').sort()).toEqual(holes.sort());
    for (const folder of folders) expect(await readdir(folder)).toEqual([]);
  });

  test('a root that is not there yet is no fault, and not made', async () => {
    const place = await doctorPlace();
    const root = join(place.home, 'later');
    await mlstow(place, 'experiments', 'create', '-n', 'later', '-l', root);
    expect(await only('D74', place)).toMatchObject({ level: 'ok' });
    expect(await only('D23', place)).toMatchObject({ level: 'skip' });
    expect(await readdir(place.home)).not.toContain('later');
  });

  test('an empty mount point is: D74, until it is mounted', async () => {
    const place = await doctorPlace();
    const mount = join(place.home, 'mnt', 'a', 'b', 'c', 'd');
    await mlstow(place, 'experiments', 'create', '-n', 'share', '-l', join(mount, 'models'));
    const broken = await only('D74', place);
    expect(broken).toMatchObject({ level: 'warn', subject: join(mount, 'models') });
    expect(broken.remedy).toContain(`mkdir -p ${join(mount, 'models')}`);
    await mkdir(join(mount, 'models'), { recursive: true });
    expect(await only('D74', place)).toMatchObject({ level: 'ok' });
  });
});

describe('probes', () => {
  test('of doctors that were killed more than an hour ago are removed, other files never', async () => {
    const { place, root, run } = await localRoot();
    const artifacts = join(root, run, 'artifacts');
    await mkdir(artifacts, { recursive: true });
    const others = [probe(HOUR_MS / 2), '.mlstow-doctor-notes', `${probe(2 * HOUR_MS)}.txt`];
    for (const folder of [root, artifacts])
      for (const name of [probe(2 * HOUR_MS), ...others]) await writeFile(join(folder, name), 'x');
    await examine(place, {}, ['--read-only']);
    expect(await readdir(artifacts)).toHaveLength(4);
    await examine(place);
    expect((await readdir(root)).sort()).toEqual([...others, run].sort());
    expect((await readdir(artifacts)).sort()).toEqual([...others].sort());
  });

  test('are removed when doctor is interrupted', async () => {
    const server = await startFtpServer();
    onTestFinished(() => server.stop());
    const place = await doctorPlace();
    const location = `ftp://${server.user}:${encodeURIComponent(server.password)}@127.0.0.1:${server.port}/models`;
    await mkdir(join(server.root, 'models'));
    await mlstow(place, 'experiments', 'create', '-n', 'slow', '-l', location);
    server.delayMs = 60;
    const written = async () => (await readdir(join(server.root, 'models'))).length > 0;
    let interrupt = (): void => undefined;
    const running = runCli(['doctor', '--only', 'D23'], {
      ...place,
      onStart: (send) => (interrupt = () => send('SIGINT')),
    });
    while (!(await written())) await wait(5);
    interrupt();
    expect(await running).toMatchObject({ code: 130, stdout: '' });
    expect(await readdir(join(server.root, 'models'))).toEqual([]);
  });
});

describe('the tracking server', () => {
  const version: Answer = (_, response) => response.end('3.17.2');

  test('that nobody runs: D70, until somebody does', async () => {
    const place = await doctorPlace();
    const env = { MLFLOW_TRACKING_URI: `http://127.0.0.1:${await freePort()}` };
    const broken = await only('D70', place, env);
    expect(broken).toMatchObject({ level: 'fail' });
    expect(broken.evidence).toContain('nothing listens there');
    const running = { MLFLOW_TRACKING_URI: await listening(version) };
    const mended = await only('D70', place, running);
    expect(mended.level).toBe('ok');
    expect(mended.evidence).toMatch(/^MLflow 3\.17\.2 answers at 127\.0\.0\.1:\d+ within \d+ ms$/);
  });

  test('that takes connections and says nothing: everything is told within 30 s', async () => {
    const env = {
      MLFLOW_TRACKING_URI: `http://127.0.0.1:${await blackHole()}`,
      MLFLOW_HTTP_REQUEST_TIMEOUT: '2',
    };
    const { code, items } = await examine(await doctorPlace(), env, ['--deadline', '30s']);
    expect(code).toBe(3);
    const failed = items.filter(({ level }) => level === 'fail').map(({ check }) => check);
    expect(failed).toEqual(['D70']);
  });

  test('whose clock is another: D72, until one of them is set', async () => {
    const place = await doctorPlace();
    let late = HOUR_MS;
    const url = await listening((_, response) => {
      response.setHeader('date', new Date(Date.now() - late).toUTCString());
      response.end('3.17.2');
    });
    const broken = await only('D72', place, { MLFLOW_TRACKING_URI: url });
    expect(broken).toMatchObject({
      level: 'warn',
      evidence: "this machine's clock is 60 min ahead of the server's",
    });
    expect(broken.remedy).toContain('timedatectl set-ntp true');
    late = 0;
    expect(await only('D72', place, { MLFLOW_TRACKING_URI: url })).toMatchObject({ level: 'ok' });
  });

  test('behind a page to log in at: D71', async () => {
    const url = await listening((_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>Sign in</title>');
    });
    const broken = await only('D71', await doctorPlace(), { MLFLOW_TRACKING_URI: url });
    expect(broken).toMatchObject({ level: 'fail' });
    expect(broken.evidence).toContain('a web page (Sign in)');
    expect(broken.remedy).toContain('MLFLOW_TRACKING_TOKEN');
  });
});

test.each(['postgresql', 'mysql+pymysql', 'mssql+pyodbc'])(
  'a database of %s that does not run: D78, and its password is not shown',
  async (dialect) => {
    const uri = `${dialect}://ada:planted-secret@127.0.0.1:${await freePort()}/mlflow`;
    const place = await doctorPlace();
    const { items, stdout, stderr, code } = await examine(place, { MLFLOW_TRACKING_URI: uri });
    expect(code).toBe(3);
    const evidence = expect.stringContaining('nothing listens there') as string;
    expect(items.filter(({ level }) => level === 'fail')).toMatchObject([{ check: 'D78', evidence }]);
    expect(stdout + stderr).not.toContain('planted-secret');
    const database = `sqlite:///${join(place.cwd, 'mlflow.db')}`;
    await mlstow(place, 'experiments', 'create', '-n', 'churn');
    expect(await only('D78', place, { MLFLOW_TRACKING_URI: database })).toMatchObject({ level: 'ok' });
  },
);
