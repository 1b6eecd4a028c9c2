import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { examine, type Environment } from '../../cli/doctor/doctor-place.ts';
import { followRemedy } from '../../cli/doctor/follow-remedy.ts';
import { freePort } from '../../testbeds/bed.ts';
import { startNginx, type Nginx, type NginxOptions } from '../../testbeds/nginx.ts';
import { mustRun } from '../../testbeds/run-command.ts';
import { makeTls } from '../../testbeds/tls.ts';
import { worstOf, type Rig } from './rig.ts';

/** The directives of nginx that a remedy names, as it writes them. */
function directivesIn(remedy = ''): string {
  return (remedy.match(/\b(?:client_max_body_size|proxy_\w+) \w+;/g) ?? []).join(' ');
}

/** What nginx before the proxying server does to clients. */
export function nginxCases(rigOf: () => Rig): void {
  let nginx: Nginx | undefined;

  afterEach(async () => {
    await rigOf().way.heal();
    await nginx?.stop();
    nginx = undefined;
  });

  /** Puts nginx before the proxying server, in the place of the one before. */
  async function before(options: Partial<NginxOptions>): Promise<Environment> {
    const port = nginx?.port;
    await nginx?.stop();
    nginx = undefined;
    nginx = await startNginx({ upstream: rigOf().proxying.url, ...options, ...(port ? { port } : {}) });
    return { ...rigOf().client, MLFLOW_TRACKING_URI: nginx.url };
  }

  describe('nginx before a stock server', () => {
    test('with its own limit of 1 MB: D03 names it, and what to set', async () => {
      const rig = rigOf();
      const broken = await worstOf(rig, 'D03', await before({}), rig.run);
      expect(broken).toMatchObject({ level: 'fail' });
      expect(broken.evidence).toMatch(
        /of 2\.0 MiB is refused by nginx.* \(413\); the limit is between \d+\.0 KiB and 1\.0 MiB/,
      );
      const directives = directivesIn(broken.remedy);
      expect(directives).toBe('client_max_body_size 0;');
      expect(await worstOf(rig, 'D03', await before({ directives }), rig.run)).toMatchObject({ level: 'ok' });
      expect(await rig.probes()).toEqual([]);
    });

    test('that cuts what the server takes long to store: D02, and a late arrival is removed', async () => {
      const rig = rigOf();
      const size = 'client_max_body_size 0;';
      const impatient = await before({ directives: `${size} proxy_read_timeout 1s;` });
      await rig.way.add({ type: 'bandwidth', stream: 'upstream', attributes: { rate: 3_000 } });
      const broken = await worstOf(rig, 'D02', impatient, rig.run);
      expect(broken).toMatchObject({ level: 'fail' });
      expect(broken.evidence).toMatch(
        /an upload of \d+\.0 MiB was cut off after .* and a smaller one passed: 504 from nginx/,
      );
      expect(await rig.probes()).toEqual([]);
      const directives = directivesIn(broken.remedy);
      expect(directives).toContain('proxy_read_timeout 3600s;');
      const mended = await before({ directives: `${size} ${directives}` });
      expect(await worstOf(rig, 'D02', mended, rig.run)).toMatchObject({ level: 'ok' });
      expect(await rig.probes()).toEqual([]);
    });

    test('that passes on another Host header than the server allows: D19, and nothing else is asked', async () => {
      const rig = rigOf();
      const env = await before({ host: 'mlflow.example.com' });
      const broken = await worstOf(rig, 'D19', env);
      expect(broken).toMatchObject({ level: 'fail' });
      expect(broken.evidence).toContain('403 Invalid Host header');
      expect(broken.remedy).toContain('--allowed-hosts 127.0.0.1');
      expect(await worstOf(rig, 'D71', env)).toMatchObject({
        level: 'skip',
        evidence: 'D19 (host-header) failed',
      });
      expect(await worstOf(rig, 'D19', await before({}))).toMatchObject({ level: 'ok' });
    });

    test('with nothing behind it: D70', async () => {
      const rig = rigOf();
      const env = await before({ upstream: `http://127.0.0.1:${await freePort()}` });
      const broken = await worstOf(rig, 'D70', env);
      expect(broken).toMatchObject({ level: 'fail' });
      expect(broken.evidence).toMatch(/answers 502 \(nginx.*\): 502 Bad Gateway/);
      expect(broken.remedy).toContain('start the MLflow server behind it');
      expect(await worstOf(rig, 'D70', await before({}))).toMatchObject({ level: 'ok' });
    });

    test('that wants a login: D71', async () => {
      const rig = rigOf();
      const file = join(rig.place.home, 'users');
      await writeFile(file, 'ada:{PLAIN}hunter22-login\n');
      const env = await before({ directives: `auth_basic mlflow; auth_basic_user_file ${file};` });
      const broken = await worstOf(rig, 'D71', env);
      expect(broken).toMatchObject({ level: 'fail' });
      expect(broken.remedy).toMatch(/MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD/);
      const login = { MLFLOW_TRACKING_USERNAME: 'ada', MLFLOW_TRACKING_PASSWORD: 'hunter22-login' };
      const mended = await examine(rig.place, { ...env, ...login }, ['--only', 'D71']);
      expect(mended.items.filter(({ check }) => check === 'D71')).toMatchObject([
        { level: 'ok', evidence: 'it answers to the credentials that are set (Basic)' },
      ]);
      expect(mended.stdout + mended.stderr).not.toContain('hunter22');
    });
  });

  describe('certificates', () => {
    test('of an authority that nobody here knows, and one that has expired: D17', async () => {
      const rig = rigOf();
      const tls = await makeTls(rig.place.home);
      const env = await before({ tls });
      const broken = await worstOf(rig, 'D17', env);
      expect(broken).toMatchObject({ level: 'fail' });
      expect(broken.evidence).toContain('is signed by an authority that is not trusted');
      const remedy = (broken.remedy ?? '').replace(
        /(MLFLOW_\w+) to a PEM file with that authority/,
        `$1=${tls.caFile}`,
      );
      const mended = await followRemedy(remedy, env, rig.place, {});
      expect(await worstOf(rig, 'D17', mended)).toMatchObject({ level: 'ok' });
      expect(await worstOf(rig, 'D70', mended)).toMatchObject({ level: 'ok' });

      const sign = `x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile extensions`;
      const resign = async (name: string, days: string) => {
        await mustRun('openssl', [...sign.split(' '), '-out', name, '-days', days], { cwd: rig.place.home });
        return before({ tls: { ...tls, certFile: join(rig.place.home, name) } });
      };
      const trust = { MLFLOW_TRACKING_SERVER_CERT_PATH: tls.caFile };
      const expired = await worstOf(rig, 'D17', { ...(await resign('old.crt', '-1')), ...trust });
      expect(expired).toMatchObject({ level: 'fail' });
      expect(expired.evidence).toContain('has expired');
      expect(expired.remedy).toContain('renew it');
      const soon = await worstOf(rig, 'D17', { ...(await resign('soon.crt', '3')), ...trust });
      expect(soon).toMatchObject({ level: 'warn' });
      expect(soon.evidence).toMatch(/signed by mlstow-test-authority, ends in [23] days/);
      expect(await worstOf(rig, 'D17', { ...(await resign('new.crt', '90')), ...trust })).toMatchObject({
        level: 'ok',
      });
    });
  });
}
