import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCli } from '../../cli/run-cli.ts';
import {
  doctorPlace,
  examine,
  type DoctorPlace,
  type Environment,
  type Told,
} from '../../cli/doctor/doctor-place.ts';
import { followRemedy } from '../../cli/doctor/follow-remedy.ts';
import { startCountingProxy } from '../../testbeds/counting-proxy.ts';
import { startMlflowServer, type MlflowServer, type MlflowServerOptions } from '../../testbeds/mlflow.ts';
import { startPostgres } from '../../testbeds/postgres.ts';
import { mlflowDatabase } from '../database-servers.ts';

async function start(options: MlflowServerOptions): Promise<MlflowServer> {
  const server = await startMlflowServer(options);
  onTestFinished(() => server.stop());
  return server;
}

/** The same server at a port of which no flags on this machine tell. */
async function front(server: MlflowServer): Promise<string> {
  const proxy = await startCountingProxy(server.url);
  onTestFinished(() => proxy.stop());
  return proxy.url;
}

/** A folder that no clean-up of temporary files takes. */
async function lastingFolder(): Promise<string> {
  const folder = await mkdtemp(join(homedir(), '.mlstow-kept-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function rootOf(place: DoctorPlace, env: Environment): Promise<Told | undefined> {
  const { items, stderr } = await examine(place, env, ['--only', 'D31']);
  expect(items, stderr).toHaveLength(1);
  return items[0];
}

const at = (url: string): Environment => ({ MLFLOW_TRACKING_URI: url });
const create = async (place: DoctorPlace, url: string, name: string) =>
  runCli(['experiments', 'create', '-n', name, '--allow-local'], { ...place, env: at(url) });

test('a root that is unset, on a server that serves no artifacts, is told by flags or experiments, and mended', async () => {
  const place = await doctorPlace();
  const server = await start({ serveArtifacts: false, cwd: place.cwd });
  const byFlags = await rootOf(place, at(server.url));
  expect(byFlags).toMatchObject({ level: 'fail' });
  expect(byFlags?.evidence).toMatch(/mlruns .*the flags of the server, process \d+ on this machine/);
  expect(byFlags?.remedy).toContain('restart the server with --artifacts-destination s3://BUCKET/PATH');

  const url = await front(server);
  await create(place, url, 'churn');
  const byExperiment = await rootOf(place, at(url));
  const root = join(place.cwd, 'mlruns');
  expect(byExperiment).toMatchObject({ level: 'fail' });
  expect(byExperiment?.evidence).toContain(
    `${root} on whichever machine writes (told by experiment 1 (churn)`,
  );
  expect(byExperiment?.remedy).toContain(`MLSTOW_SHARED_PATHS=${root}`);
  expect(await rootOf(place, { ...at(url), MLSTOW_SHARED_PATHS: root })).toMatchObject({ level: 'ok' });

  await server.stop();
  const database = `sqlite:///${join(server.dir, 'mlflow.db')}`;
  const restarted = await start({
    backendStoreUri: database,
    artifactsDestination: await lastingFolder(),
  });
  const mended = await front(restarted);
  await create(place, mended, 'mended');
  expect(await rootOf(place, at(mended))).toMatchObject({ level: 'ok' });
  expect(await rootOf(place, at(restarted.url))).toMatchObject({ level: 'ok' });
});

test('a destination that counts from where the server was started is a warning', async () => {
  const place = await doctorPlace();
  const server = await start({ artifactsDestination: './kept', cwd: place.cwd });
  const told = await rootOf(place, at(server.url));
  expect(told).toMatchObject({ level: 'warn' });
  expect(told?.evidence).toContain('the server keeps artifacts in');
  expect(told?.remedy).toContain('restart the server with --artifacts-destination and an absolute path');
});

test('a destination in memory, or in a temporary directory, is a warning', async () => {
  const place = await doctorPlace();
  const told = async (parent: string): Promise<Told | undefined> => {
    const kept = join(parent, `mlstow-kept-${randomUUID()}`);
    const server = await start({ artifactsDestination: kept, cwd: place.cwd });
    return rootOf(place, at(server.url));
  };
  const [memory, temporary] = await Promise.all([told('/dev/shm'), told('/tmp')]);
  expect([memory?.level, temporary?.level]).toEqual(['warn', 'warn']);
  expect(memory?.evidence).toContain(', which is in memory (tmpfs), and gone when that machine restarts');
  expect(temporary?.evidence).toContain(', which is in a temporary directory, which is emptied');
  expect(memory?.remedy).toContain('restart the server with --artifacts-destination and a path there');
});

test('clients of a database each have a folder of their own, until an experiment has a location', async () => {
  const place = await doctorPlace();
  const postgres = await startPostgres();
  onTestFinished(() => postgres.stop());
  const env = at(postgres.uri(await mlflowDatabase(postgres)));
  await runCli(['experiments', 'create', '-n', 'churn', '--allow-local'], { ...place, env });
  const told = await rootOf(place, env);
  expect(told).toMatchObject({ level: 'fail' });
  expect(told?.evidence).toContain('no client of this database sets a location');
  const blanks = { NAME: 'mended', 's3://BUCKET/PATH': 's3://bucket/path' };
  await followRemedy(told?.remedy ?? '', env, place, blanks);
  expect(await rootOf(place, env)).toMatchObject({ level: 'ok' });
});
