import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, it } from 'vitest';
import { mustRunCli, runCli } from '../run-cli.ts';
import { gcPlace, type GcPlace } from './gc-place.ts';

/** A database with a model version that was made from a run. */
async function registryOf(place: GcPlace, id: string): Promise<string> {
  const path = join(place.cwd, 'registry.db');
  const uri = `sqlite:///${path}`;
  await mustRunCli(['experiments', 'create', '-n', 'other', '-q', '--tracking-uri', uri], place);
  const database = new DatabaseSync(path);
  database.exec(`
    INSERT INTO registered_models (name, workspace) VALUES ('m', 'default');
    INSERT INTO model_versions (name, version, workspace, current_stage, source)
      VALUES ('m', 1, 'default', 'None', '${place.artifacts(id)}/d0')`);
  database.close();
  return uri;
}

it.each(['MLFLOW_REGISTRY_URI', 'MLFLOW_REGISTRY_STORE_URI'])(
  'keeps what a registry in another database needs (%s)',
  async (variable) => {
    const place = await gcPlace();
    const id = await place.run();
    const env = { [variable]: await registryOf(place, id) };
    const { code, stderr } = await runCli(['gc', '--run-ids', id], { ...place, env });
    expect([code, stderr]).toEqual([8, expect.stringContaining('still needed')]);
    const same = { [variable]: 'sqlite:///mlflow.db' };
    expect((await runCli(['gc', '--run-ids', id], { ...place, env: same })).code).toBe(0);
  },
);

it('deletes nothing while it cannot read the registry', async () => {
  const place = await gcPlace();
  const id = await place.run();
  const env = { MLFLOW_REGISTRY_URI: 'http://127.0.0.1:9' };
  const { code, stderr } = await runCli(['gc', '--run-ids', id], { ...place, env });
  expect([code, stderr]).toEqual([8, expect.stringContaining('MLFLOW_REGISTRY_STORE_URI')]);
  const known = { ...env, MLFLOW_REGISTRY_STORE_URI: 'sqlite:///mlflow.db' };
  expect((await runCli(['gc', '--run-ids', id], { ...place, env: known })).code).toBe(0);
});
