import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { examine, type DoctorPlace, type Environment, type Told } from '../../cli/doctor/doctor-place.ts';
import { mustRunCli } from '../../cli/run-cli.ts';
import type { OtherStores, StoreName } from './other-stores.ts';
import { expectNoSecret, type Rig } from './rig.ts';

/** What doctor says where all is well; it must not warn. */
async function calm(
  place: DoctorPlace,
  env: Environment,
  ...args: readonly string[]
): Promise<ReadonlyMap<string, Told>> {
  const { items, code, stdout, stderr } = await examine(place, env, ['--strict', ...args]);
  expectNoSecret(env, stdout);
  expect(items.filter(({ level }) => level === 'warn' || level === 'fail')).toEqual([]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return new Map(items.map((item) => [item.check, item]));
}

/** Healthy set-ups of every kind. They come first: later cases leave experiments behind. */
export function healthyCases(rigOf: () => Rig, storesOf: () => OtherStores): void {
  /** Later cases look at every experiment. */
  async function leave(env: Environment, experiment: string): Promise<void> {
    await rigOf().mlstow(env, 'experiments', 'delete', '-x', experiment);
  }

  /** A run at one of the stores, with an artifact, and who looks at it. */
  async function runAt(name: StoreName): Promise<{ place: DoctorPlace; env: Environment; run: string }> {
    const rig = rigOf();
    const { location, env: own, home } = storesOf().of[name];
    const env = { MLFLOW_TRACKING_URI: rig.plain.url, ...own };
    const place = { ...rig.place, ...(home === undefined ? {} : { home }) };
    const ask = async (...args: readonly string[]) =>
      (await mustRunCli([...args, '-q'], { ...place, env })).trim();
    const experiment = await ask('experiments', 'create', '-n', `on ${name}`, '-l', location);
    const run = await ask('runs', 'create', '--experiment-id', experiment);
    await writeFile(join(place.cwd, 'model.txt'), 'weights');
    await ask('artifacts', 'log', 'model.txt', '-r', run);
    onTestFinished(() => leave(env, experiment));
    return { place, env, run };
  }

  describe('a healthy set-up gives no warning', () => {
    test('SQLite and a local folder', async () => {
      const cwd = join(rigOf().place.home, 'local');
      await mkdir(cwd);
      const place = { cwd, home: cwd };
      const ask = async (...args: readonly string[]) => (await mustRunCli([...args, '-q'], place)).trim();
      await calm(place, {});
      const experiment = await ask('experiments', 'create', '-n', 'churn');
      await calm(place, {});
      await ask('runs', 'create', '--experiment-id', experiment);
      const told = await calm(place, {});
      expect(told.get('D77')?.level).toBe('ok');
    });

    test('a stock server that proxies artifacts', async () => {
      const rig = rigOf();
      const told = await calm(rig.place, rig.client);
      const levels = [
        'D17',
        'D19',
        'D70',
        'D71',
        'D72',
        'D73',
        'D01',
        'D06',
        'D23',
        'D77',
        'D02',
        'D03',
        'D18',
      ];
      expect(levels.map((id) => told.get(id)?.level)).toEqual(levels.map(() => 'ok'));
      expect(told.get('D70')?.evidence).toContain('MLflow 3.17.2');
      expect(await rig.probes()).toEqual([]);
    });

    test('a stock server, and S3 that clients reach themselves', async () => {
      const rig = rigOf();
      const env = { ...rig.keys, MLFLOW_TRACKING_URI: rig.plain.url };
      const { run, experiment } = await rig.newRun(env);
      onTestFinished(() => leave(env, experiment));
      const told = await calm(rig.place, env, run);
      expect(told.get('D77')).toMatchObject({ level: 'ok' });
      expect(told.get('D77')?.evidence).toContain('written by the server, read here');
      expect(told.get('D04')?.evidence).toBe('let in by AWS_ACCESS_KEY_ID');
      expect(await rig.probes()).toEqual([]);
    });

    test.each(['Azure', 'GCS'] as const)('a stock server and %s', async (name) => {
      const { place, env, run } = await runAt(name);
      const told = await calm(place, env, run);
      expect(told.get('D77')).toMatchObject({ level: 'ok' });
      expect(told.get('D77')?.evidence).toContain('written by the server, read here');
    });

    test.each(['SFTP', 'HDFS'] as const)('%s, which the stock server has no driver for', async (name) => {
      const { place, env, run } = await runAt(name);
      const told = await calm(place, env, run);
      expect(told.get('D23')).toMatchObject({ level: 'ok' });
      expect(told.get('D77')).toMatchObject({ level: 'skip' });
      expect(told.get('D77')?.evidence).toMatch(
        /^the server cannot look at .* itself \(500 .*\): it has no driver for (sftp|hdfs):, or no access/,
      );
      const listed = await mustRunCli(['artifacts', 'list', '-r', run, '-q'], { ...place, env });
      expect(listed).toBe('model.txt\n');
    });
  });
}
