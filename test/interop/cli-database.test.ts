import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { mlflowDatabase, SERVERS, type DatabaseServer } from './database-servers.ts';
import { askMlstow, mustRunMlstow, runMlstow } from './mlstow-command.ts';

describe.each(SERVERS)('the command with %s', (_name, start) => {
  let server: DatabaseServer;
  let database: string;
  beforeAll(async () => {
    server = await start();
    database = await mlflowDatabase(server);
  });
  afterAll(() => server.stop());

  async function place(env: Readonly<Record<string, string>> = {}) {
    const cwd = await realpath(await mkdtemp(join(tmpdir(), 'mlstow-database-')));
    onTestFinished(() => rm(cwd, { recursive: true, force: true }));
    return { cwd, env: { MLFLOW_TRACKING_URI: server.uri(database), ...env } };
  }

  it('makes an experiment and a run, logs to a shared folder, lists, downloads and verifies', async () => {
    const here = await place();
    const shared = { ...here, env: { ...here.env, MLSTOW_SHARED_PATHS: here.cwd } };
    const location = join(here.cwd, 'store');
    const experiment = await askMlstow(
      ['experiments', 'create', '-n', 'churn', '-l', location, '--allow-local'],
      shared,
    );
    const run = await askMlstow(['runs', 'create', '--experiment-id', experiment], shared);
    await writeFile(join(here.cwd, 'model.txt'), 'weights');
    await mustRunMlstow(['artifacts', 'log-artifact', '-r', run, '-l', 'model.txt', '--allow-local'], shared);
    const listed = await mustRunMlstow(['artifacts', 'list', '-r', run], shared);
    expect(listed.stdout).toContain('model.txt');
    const dst = join(here.cwd, 'down');
    await mustRunMlstow(['artifacts', 'download', '-r', run, '-d', dst], shared);
    expect(await readFile(join(dst, 'model.txt'), 'utf8')).toBe('weights');
  });

  it('refuses to write to a folder of this machine that nobody has proven to be shared', async () => {
    const here = await place();
    const experiment = await askMlstow(
      ['experiments', 'create', '-n', 'local', '-l', join(here.cwd, 'mine'), '--allow-local'],
      here,
    );
    const run = await askMlstow(['runs', 'create', '--experiment-id', experiment], here);
    await writeFile(join(here.cwd, 'model.txt'), 'weights');
    const refused = await runMlstow(['artifacts', 'log-artifact', '-r', run, '-l', 'model.txt'], here);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('--allow-local');
  });

  it('shows no password, whatever goes wrong', async () => {
    const here = await place();
    const wrong = {
      ...here,
      env: { MLFLOW_TRACKING_URI: here.env.MLFLOW_TRACKING_URI.replace('p%40ss', 'p%40zz') },
    };
    for (const args of [
      ['experiments', 'search'],
      ['config', 'list'],
      ['--verbose', 'experiments', 'get', '-x', '0'],
    ]) {
      for (const at of [here, wrong]) {
        const done = await runMlstow(args, {
          ...at,
          env: { ...at.env, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' },
        });
        expect(`${done.stdout}${done.stderr}`).not.toMatch(/p(@|%40)(ss|zz)/);
      }
    }
    const failed = await runMlstow(['experiments', 'search'], wrong);
    expect(failed.code).toBe(6);
    expect(failed.stderr).toContain('check user and password');
  });
});
