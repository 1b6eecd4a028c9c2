import { expect, onTestFinished, test } from 'vitest';
import { doctorPlace, examine, type Told } from '../../cli/doctor/doctor-place.ts';
import { startMlflowServer, type MlflowServerOptions } from '../../testbeds/mlflow.ts';

async function toldOf(options: MlflowServerOptions): Promise<Told | undefined> {
  const server = await startMlflowServer(options);
  onTestFinished(() => server.stop());
  const { items } = await examine(await doctorPlace(), { MLFLOW_TRACKING_URI: server.url }, [
    '--only',
    'D29',
  ]);
  return items.find(({ check }) => check === 'D29');
}

test('a server that lets everybody in, on every address: D29, until it listens here alone', async () => {
  const [open, here] = await Promise.all([toldOf({ host: '0.0.0.0' }), toldOf({})]);
  expect(open).toMatchObject({ level: 'warn' });
  expect(open?.evidence).toContain('(--host 0.0.0.0), and it asks nobody for credentials');
  expect(open?.remedy).toContain('--host 127.0.0.1');
  expect(here).toMatchObject({ level: 'ok' });
});
