import { describe, expect, test } from 'vitest';
import { INSIDE, THROUGH_THE_SERVER, worstOf, type Rig } from './rig.ts';

/** What a stock server is started with, and what its clients make of it. */
export function serverCases(rigOf: () => Rig): void {
  describe('the stock server itself', () => {
    test('signs URLs for a host that only it can look up: D18, until they are not asked for', async () => {
      const rig = rigOf();
      const env = { MLFLOW_TRACKING_URI: rig.proxying.url };
      const broken = await worstOf(rig, 'D18', env, rig.run);
      expect(broken).toMatchObject({ level: 'fail' });
      expect(broken.evidence).toContain('its name is unknown');
      expect(broken.remedy).toContain(INSIDE);
      for (const [name, value] of Object.entries(THROUGH_THE_SERVER)) {
        expect(broken.remedy).toContain(`${name}=${value}`);
      }
      expect(await worstOf(rig, 'D18', { ...env, ...THROUGH_THE_SERVER }, rig.run)).toMatchObject({
        level: 'ok',
      });
      expect(await rig.probes()).toEqual([]);
    });

    test('does not proxy what experiments expect behind it: D73, until one does', async () => {
      const rig = rigOf();
      const plain = { ...rig.client, MLFLOW_TRACKING_URI: rig.plain.url };
      const broken = await worstOf(rig, 'D73', plain);
      expect(broken).toMatchObject({ level: 'fail' });
      expect(broken.remedy).toContain('--serve-artifacts');
      const mended = await worstOf(rig, 'D73', rig.client);
      expect(mended).toMatchObject({ level: 'ok' });
      expect(mended.evidence).toBe(
        'it proxies artifacts; uploads in parts on, downloads by presigned URL on',
      );
    });

    test('has a new root, and an experiment in use an old one: D06, until that is deleted', async () => {
      const rig = rigOf();
      const { experiment } = await rig.newRun({ ...rig.keys, MLFLOW_TRACKING_URI: rig.plain.url });
      await rig.newRun(rig.client);
      const broken = await worstOf(rig, 'D06', rig.client);
      expect(broken).toMatchObject({ level: 'warn', subject: experiment });
      expect(broken.evidence).toContain('still writes to s3://artifacts/past');
      const [, last = ''] = (broken.remedy ?? '').split('no longer needed: ');
      await rig.mlstow(rig.client, ...last.replace('mlstow ', '').split(' '));
      expect(await worstOf(rig, 'D06', rig.client)).toMatchObject({ level: 'ok' });
    });
  });
}
