import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bedFolder } from '../testbeds/bed.ts';
import { startMlflowServer, type MlflowServer } from '../testbeds/mlflow.ts';
import { askMlstow, mustRunMlstow, runMlstow, type Place } from './mlstow-command.ts';
import { runApart } from './separate-machine.ts';
import { treeOf } from './tree-of.ts';

/** The server's own working directory, in which its artifact root `kept` is. */
let onServer = '';
let folder = '';
let server: MlflowServer;
let place: Place;
/** A new run and the folder that is its artifact URI, on whichever machine. */
let run = '';
let artifacts = '';

beforeAll(async () => {
  onServer = await bedFolder('server-side');
  folder = await bedFolder('shared-rule');
  await writeFile(join(folder, 'model.bin'), 'weights');
  server = await startMlflowServer({
    serveArtifacts: false,
    defaultArtifactRoot: './kept/root',
    cwd: onServer,
  });
  await mkdir(join(onServer, 'kept'), { recursive: true });
  place = { cwd: folder, env: { MLFLOW_TRACKING_URI: server.url } };
});

afterAll(async () => {
  await server.stop();
  await rm(onServer, { recursive: true });
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  run = await askMlstow(['runs', 'create', '--experiment-id', '0', '--status', 'running'], place);
  artifacts = join(onServer, 'kept/root/0', run, 'artifacts');
});

function log(...more: readonly string[]): string[] {
  return ['artifacts', 'log', 'model.bin', '-r', run, ...more];
}

function underAirflow(more: Readonly<Record<string, string>> = {}): Place {
  return { cwd: folder, env: { ...place.env, AIRFLOW_CTX_DAG_ID: 'nightly', ...more } };
}

describe('a folder of the server that this machine does not share', () => {
  const apart = async (args: readonly string[], at = place, mount: 'rw' | 'ro' = 'rw') =>
    runApart(join(onServer, 'kept'), args, at, mount);

  test('is refused before the first byte: which path, which machine, why, and the ways out', async () => {
    const { code, stdout, stderr, left } = await apart(log());
    expect({ code, stdout, left }).toEqual({ code: 3, stdout: '', left: [] });
    expect(stderr).toContain(
      `artifacts would go to ${artifacts} on this machine (${hostname()}), and ${server.url} does not see that folder: a probe file written here is not in its listing`,
    );
    for (const way of [
      '--artifact-location s3://',
      '--artifacts-destination',
      '--shared-path',
      '--allow-local',
    ])
      expect(stderr).toContain(way);
    expect(Object.keys(await treeOf(join(onServer, 'kept'))).filter((path) => path.includes(run))).toEqual(
      [],
    );
  });

  test.each([
    { command: 'log-artifact', ask: ['-l', 'model.bin'] },
    { command: 'log-artifacts', ask: ['-l', '.'] },
  ])('is refused by $command as well', async ({ command, ask }) => {
    const { code, left } = await apart(['artifacts', command, ...ask, '-r', run]);
    expect({ code, left }).toEqual({ code: 3, left: [] });
  });

  test('is refused as one JSON line with --output json', async () => {
    const { code, stdout, stderr } = await apart(log('--output', 'json'));
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    const { error } = JSON.parse(stderr) as { error: Readonly<Record<string, string>> };
    expect(error['message']).toContain(artifacts);
    expect(error['hint']).toContain('--shared-path');
  });

  test('is refused with the reason when it cannot even be written', async () => {
    const { code, stderr, left } = await apart(log(), place, 'ro');
    expect({ code, left }).toEqual({ code: 3, left: [] });
    expect(stderr).toContain('it cannot be written here (');
  });

  test('keeps what is there already, and still gets no probe', async () => {
    await mustRunMlstow(log('--allow-local'), place);
    await apart(log());
    expect(Object.keys(await treeOf(artifacts))).toEqual(['model.bin']);
  });

  test.each([
    { by: '--allow-local', more: ['--allow-local'], env: {} },
    { by: 'MLSTOW_ALLOW_LOCAL', more: [], env: { MLSTOW_ALLOW_LOCAL: 'true' } },
    { by: '--shared-path', more: ['--shared-path', '{kept}'], env: {} },
    { by: 'MLSTOW_SHARED_PATHS', more: [], env: { MLSTOW_SHARED_PATHS: '{kept}' } },
  ])('is written when the user says so with $by', async ({ more, env }) => {
    const fill = (text: string): string => text.replace('{kept}', join(onServer, 'kept'));
    const given = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, fill(value)]));
    const { code, left } = await apart(log(...more.map(fill)), {
      cwd: folder,
      env: { ...place.env, ...given },
    });
    expect(code).toBe(0);
    expect(left.filter((path) => path.includes(run))).toContain(`root/0/${run}/artifacts/model.bin`);
    expect(left.filter((path) => path.includes('probe'))).toEqual([]);
  });

  test.each(['{kept}/roo', '{kept}/root/0/other'])(
    'is refused when the shared path is %s',
    async (shared) => {
      const { code, left } = await apart(
        log('--shared-path', shared.replace('{kept}', join(onServer, 'kept'))),
      );
      expect({ code, left }).toEqual({ code: 3, left: [] });
    },
  );

  test('cannot be allowed by a file of the working directory', async () => {
    const project = join(folder, 'project');
    await mkdir(project);
    await writeFile(join(project, 'model.bin'), 'x');
    await writeFile(
      join(project, '.mlstowrc'),
      JSON.stringify({ artifacts: { allowLocal: true, sharedPaths: [onServer] } }),
    );
    const { code, left, stderr } = await apart(log(), { ...place, cwd: project });
    expect({ code, left }).toEqual({ code: 3, left: [] });
    expect(stderr).toContain('artifacts.allowLocal');
    await rm(project, { recursive: true });
  });
});

describe('a folder that this machine and the server share', () => {
  test('is proven shared and written, and no probe stays', async () => {
    const { stderr } = await mustRunMlstow(log('--verbose'), place);
    expect(stderr).toContain('because=proven shared');
    expect(Object.keys(await treeOf(artifacts))).toEqual(['model.bin']);
    const listed = await fetch(`${server.url}/api/2.0/mlflow/artifacts/list?run_id=${run}`);
    expect(await listed.json()).toMatchObject({
      files: [{ path: 'model.bin', is_dir: false, file_size: 7 }],
    });
  });

  test('is proven again when something is in it', async () => {
    await mustRunMlstow(log(), place);
    await mustRunMlstow(log('-a', 'again'), place);
    expect(await readdir(artifacts)).toEqual(['again', 'model.bin']);
  });

  test('is not written when a source is missing, and no folder stays', async () => {
    const { code } = await runMlstow(['artifacts', 'log', 'missing.bin', '-r', run], place);
    expect(code).toBe(5);
    expect(Object.keys(await treeOf(join(onServer, 'kept'))).filter((path) => path.includes(run))).toEqual(
      [],
    );
  });
});

describe('new experiments', () => {
  let name = '';
  let count = 0;

  beforeEach(() => {
    name = `experiment ${(count += 1)}`;
  });

  test('whose location the server chooses on its own disk are refused and kept; a retry says the same', async () => {
    const first = await runMlstow(['experiments', 'create', '-n', name], place);
    expect([first.code, first.stdout]).toEqual([3, '']);
    const id = /experiment (\d+) \(/.exec(first.stderr)?.[1] ?? '';
    expect(first.stderr).toContain(`has the artifact location ${join(onServer, 'kept/root', id)}`);
    expect(first.stderr).toContain('the experiment is kept');
    for (const way of ['--shared-path', '--allow-local']) expect(first.stderr).toContain(way);
    const got = await mustRunMlstow(['experiments', 'get', '-n', name, '--output', 'json'], place);
    expect(JSON.parse(got.stdout)).toMatchObject({ experiment_id: id, lifecycle_stage: 'active' });
    const retry = await runMlstow(['experiments', 'create', '-n', name, '--if-not-exists'], place);
    expect(retry).toEqual(first);
    const allowed = ['experiments', 'create', '-n', name, '--if-not-exists'];
    expect(await askMlstow([...allowed, '--allow-local'], place)).toBe(id);
    expect(await askMlstow([...allowed, '--shared-path', onServer], place)).toBe(id);
  });

  test('at a local location are refused and not created', async () => {
    const create = ['experiments', 'create', '-n', name, '-l', join(folder, 'mine')];
    const { code, stdout, stderr } = await runMlstow(create, place);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain(`${join(folder, 'mine')} on each client's own machine (here ${hostname()})`);
    expect((await runMlstow(['experiments', 'get', '-n', name], place)).code).toBe(5);
    expect(await readdir(folder)).not.toContain('mine');
    expect(await askMlstow([...create, '--allow-local'], place)).toMatch(/^\d+$/);
  });

  test('at a remote location are created', async () => {
    expect(await askMlstow(['experiments', 'create', '-n', name, '-l', 's3://bucket/x'], place)).toMatch(
      /^\d+$/,
    );
  });
});

describe("a root of this process's own on the local disk", () => {
  test('is refused: the server lists only what it recorded itself', async () => {
    const own = join(folder, 'own');
    const at = { ...place, env: { ...place.env, MLFLOW_ARTIFACT_URI: own } };
    const { code, stderr } = await runMlstow(log(), at);
    expect(code).toBe(3);
    expect(stderr).toContain(`${join(own, '0', run, 'artifacts')} on each client's own machine`);
    expect(await readdir(folder)).not.toContain('own');
  });
});

describe('under Airflow', () => {
  test.each([
    { what: 'no tracking URI', uri: '', says: 'no tracking URI is set in this Airflow task of DAG nightly' },
    {
      what: 'a relative database',
      uri: 'sqlite:///mlflow.db',
      says: "relative to this Airflow task's working directory",
    },
    { what: 'a relative folder', uri: './mlruns', says: "relative to this Airflow task's working directory" },
    { what: 'a temporary database', uri: 'sqlite:////tmp/x/mlflow.db', says: 'in a temporary directory' },
    { what: 'a temporary folder', uri: 'file:///var/tmp/x/mlruns', says: 'in a temporary directory' },
  ])('$what is refused before anything is made', async ({ uri, says }) => {
    const before = await readdir(folder);
    const at = underAirflow({ MLFLOW_TRACKING_URI: uri });
    for (const args of [
      log(),
      ['experiments', 'create', '-n', 'x'],
      ['runs', 'create', '--experiment-id', '0'],
    ]) {
      const { code, stdout, stderr } = await runMlstow(args, at);
      expect({ args: args[1], code, stdout }).toEqual({ args: args[1], code: 3, stdout: '' });
      expect(stderr).toContain(says);
      expect(stderr).toContain('append_env=True');
    }
    expect(await readdir(folder)).toEqual(before);
  });

  test('a temporary artifact location is refused although the server shares it', async () => {
    const { code, stderr } = await runMlstow(log(), underAirflow());
    expect(code).toBe(3);
    expect(stderr).toContain('in a temporary directory');
    expect(Object.keys(await treeOf(join(onServer, 'kept'))).filter((path) => path.includes(run))).toEqual(
      [],
    );
  });

  test('--shared-path does not make a temporary location last, --allow-local goes on', async () => {
    expect((await runMlstow(log('--shared-path', onServer), underAirflow())).code).toBe(3);
    expect((await runMlstow(log('--allow-local'), underAirflow())).code).toBe(0);
    expect(await readdir(artifacts)).toEqual(['model.bin']);
  });

  test('a database and artifacts in a folder that stays are fine', async () => {
    const stays = await mkdtemp(join(homedir(), '.mlstow-stays-'));
    const at = underAirflow({ MLFLOW_TRACKING_URI: `sqlite:///${join(stays, 'mlflow.db')}` });
    try {
      const create = ['experiments', 'create', '-n', 'x', '-l', join(stays, 'artifacts')];
      const experiment = await askMlstow(create, at);
      const made = await askMlstow(['runs', 'create', '--experiment-id', experiment], at);
      await mustRunMlstow(['artifacts', 'log', 'model.bin', '-r', made], at);
      expect(await readdir(join(stays, 'artifacts', made, 'artifacts'))).toEqual(['model.bin']);
    } finally {
      await rm(stays, { recursive: true });
    }
  });

  test('reading is never refused', async () => {
    await mustRunMlstow(log(), place);
    const { stdout } = await mustRunMlstow(['artifacts', 'list', '-r', run, '-q'], underAirflow());
    expect(stdout).toBe('model.bin\n');
  });
});
