import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustRunCli, runCli } from '../cli/run-cli.ts';
import { temporaryFolder } from '../cli/temporary-folder.ts';
import { startMlflowServer, type MlflowServer } from '../testbeds/mlflow.ts';

const ORPHAN = 'a'.repeat(32);

let server: MlflowServer;
beforeAll(async () => {
  server = await startMlflowServer();
});
afterAll(() => server.stop());

/** A live and a deleted run whose files went through the server. */
async function make(name: string) {
  const cwd = await temporaryFolder();
  const place = { cwd, env: { MLFLOW_TRACKING_URI: server.url } };
  const experiment = (await mustRunCli(['experiments', 'create', '-n', name, '-q'], place)).trim();
  await writeFile(join(cwd, 'f'), '12345');
  const runs: string[] = [];
  for (const stage of ['active', 'deleted']) {
    const run = (await mustRunCli(['runs', 'create', '--experiment-id', experiment, '-q'], place)).trim();
    await mustRunCli(['artifacts', 'log', join(cwd, 'f'), '-r', run, '-a', 'deep/er'], place);
    if (stage === 'deleted') await mustRunCli(['runs', 'delete', '--run-id', run], place);
    runs.push(run);
  }
  const [live = '', deleted = ''] = runs;
  const artifacts = join(server.dir, 'artifacts');
  const backend = ['--backend-store-uri', `sqlite:///${join(server.dir, 'mlflow.db')}`];
  return {
    live,
    deleted,
    at: (run: string) => join(artifacts, experiment, run, 'artifacts', 'deep', 'er', 'f'),
    artifacts,
    gc: (...args: string[]) => runCli(['gc', ...backend, '--output', 'json', ...args], { cwd }),
  };
}

it.each([
  [
    'its artifacts destination, without a server',
    (artifacts: string) => ['--artifacts-destination', artifacts],
  ],
  ['the server', () => ['--tracking-uri', server.url]],
  [
    'its artifacts destination although a server is given',
    (artifacts: string) => ['--artifacts-destination', artifacts, '--tracking-uri', 'http://127.0.0.1:9'],
  ],
])('collects what a server proxies through %s', async (name, way) => {
  const { live, deleted, at, artifacts, gc } = await make(name);
  const { code, stdout, stderr } = await gc('--run-ids', deleted, ...way(artifacts));
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toMatchObject({
    items: [{ id: deleted, action: 'delete', objects: 1, bytes: 5 }],
  });
  expect([existsSync(at(deleted)), existsSync(at(live))]).toEqual([false, true]);
});

it('keeps the row when nothing tells where the files are, or the destination is another one', async () => {
  const { deleted, at, gc } = await make('wrong');
  const nothing = await gc('--run-ids', deleted);
  expect([nothing.code, nothing.stdout]).toEqual([4, expect.stringContaining('"action":"fail"')]);
  const empty = await temporaryFolder();
  const wrong = await gc('--run-ids', deleted, '--artifacts-destination', empty);
  expect([wrong.code, wrong.stdout]).toEqual([8, expect.stringContaining('"action":"keep"')]);
  expect(existsSync(at(deleted))).toBe(true);
});

it('sweeps orphans at the destination, and sends who asks the proxy there', async () => {
  const { live, deleted, at, artifacts, gc } = await make('orphans');
  const orphan = at(ORPHAN);
  await mkdir(dirname(orphan), { recursive: true });
  await writeFile(orphan, '');
  const old = ['--orphans', '--older-than', '0d', '--max-delete', '100%', '--yes'];
  const proxied = await gc(...old, '--root', 'mlflow-artifacts:/', '--tracking-uri', server.url);
  expect([proxied.code, proxied.stderr]).toEqual([3, expect.stringContaining('does not tell how old')]);
  for (const root of ['mlflow-artifacts:/', artifacts]) {
    const destination = ['--artifacts-destination', artifacts];
    const { code, stdout } = await gc(...old, '--root', root, ...destination);
    expect([code, existsSync(orphan), existsSync(at(live)), existsSync(at(deleted))]).toEqual([
      0,
      false,
      true,
      true,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ mode: 'orphans' });
  }
});
