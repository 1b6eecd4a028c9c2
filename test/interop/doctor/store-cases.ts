import { CreateBucketCommand, DeleteBucketCommand } from '@aws-sdk/client-s3';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { examine, type Environment, type Told } from '../../cli/doctor/doctor-place.ts';
import { followRemedy } from '../../cli/doctor/follow-remedy.ts';
import { startNginx } from '../../testbeds/nginx.ts';
import { assumeRole, type Statement } from '../../testbeds/s3-role.ts';
import { mustRun } from '../../testbeds/run-command.ts';
import { makeTls } from '../../testbeds/tls.ts';
import { runApart } from '../separate-machine.ts';
import { REGION, worstOf, type Rig } from './rig.ts';

/** All rights in the bucket but these actions. */
function allBut(actions: readonly string[]): readonly Statement[] {
  const Resource = ['arn:aws:s3:::artifacts', 'arn:aws:s3:::artifacts/*'];
  return [
    { Effect: 'Allow', Action: ['s3:*'], Resource },
    { Effect: 'Deny', Action: actions, Resource },
  ];
}

const DENIED = [
  { action: 's3:ListBucket', verb: 'list', level: 'fail' },
  { action: 's3:PutObject', verb: 'put', level: 'fail' },
  { action: 's3:GetObject', verb: 'get', level: 'fail' },
  { action: 's3:DeleteObject', verb: 'delete', level: 'warn' },
  { action: 's3:AbortMultipartUpload', verb: 'multipart abort', level: 'warn' },
] as const;

/** What doctor says of artifacts that the client reaches itself. */
export function storeCases(rigOf: () => Rig): void {
  const at = 's3://artifacts/by-hand';
  const about = async (id: string, env: Environment, target = at): Promise<Told> =>
    worstOf(rigOf(), id, env, target);
  const client = (): Environment => ({ ...rigOf().client, ...rigOf().keys });

  describe('a store that is not as it should be', () => {
    test.each(DENIED)('where $action is denied, $verb is named: D23', async ({ action, verb, level }) => {
      const rig = rigOf();
      const role = await assumeRole(rig.s3, allBut([action]));
      const keys = {
        AWS_ACCESS_KEY_ID: role.accessKeyId,
        AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
        AWS_SESSION_TOKEN: role.sessionToken,
      };
      const broken = await about('D23', { ...client(), ...keys });
      expect(broken).toMatchObject({ level, subject: at });
      expect(broken.evidence).toContain(`${verb} is denied: `);
      expect(broken.remedy).toContain(`allow ${action} on arn:aws:s3:::artifacts`);
      expect(await rig.probes()).toEqual([]);
      expect(await about('D23', client())).toMatchObject({
        level: 'ok',
        evidence: 'allowed: list, put, get, ranged get, delete, multipart abort',
      });
      expect(await rig.probes()).toEqual([]);
    });

    test('no credentials, and wrong ones: D04, and nobody else complains', async () => {
      const rig = rigOf();
      const none = { ...client(), AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
      const file = { AWS_SHARED_CREDENTIALS_FILE: join(rig.place.home, 'none') };
      const broken = await about('D04', { ...none, ...file, AWS_EC2_METADATA_DISABLED: 'true' });
      expect(broken).toMatchObject({ level: 'fail', subject: at });
      expect(broken.evidence).toContain("the server's credentials are not used");
      expect(broken.remedy).toContain('set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');

      const wrong = { ...client(), AWS_SECRET_ACCESS_KEY: 'planted-wrong-secret' };
      const args = ['D04', 'D23', 'D74', 'D75', 'D77'].flatMap((id) => ['--only', id]);
      const all = await examine(rig.place, wrong, [...args, at]);
      expect(all.code).toBe(3);
      expect(all.stdout + all.stderr).not.toContain('planted-wrong-secret');
      const bad = all.items.filter(({ level }) => level === 'fail' || level === 'warn');
      expect(bad.map(({ check }) => check)).toEqual(['D04']);
      expect(await about('D04', client())).toMatchObject({
        level: 'ok',
        evidence: 'let in by AWS_ACCESS_KEY_ID',
      });
    });

    test('a stopped store: D74, until it runs', async () => {
      const rig = rigOf();
      await rig.way.cut();
      const broken = await about('D74', client());
      expect(broken).toMatchObject({ level: 'fail', subject: at });
      expect(broken.evidence).toContain('nothing listens there');
      await rig.way.heal();
      expect(await about('D74', client())).toMatchObject({ level: 'ok' });
    });

    test('a bucket that was deleted: D74 names who writes to it, until it is made again', async () => {
      const rig = rigOf();
      const Bucket = 'was-deleted';
      await rig.s3.createBucket(Bucket);
      const { experiment } = await rig.newRun(client(), `s3://${Bucket}/models`);
      await rig.s3.client.send(new DeleteBucketCommand({ Bucket }));
      const broken = await worstOf(rig, 'D74', client());
      expect(broken).toMatchObject({ level: 'fail', subject: `s3://${Bucket}/models` });
      expect(broken.evidence).toContain(`experiment ${experiment} `);
      expect(broken.remedy).toMatch(/^make it again, or .*mlstow experiments delete -x/);
      await rig.s3.client.send(new CreateBucketCommand({ Bucket }));
      expect(await worstOf(rig, 'D74', client())).toMatchObject({ level: 'ok' });
      await rig.mlstow(client(), 'experiments', 'delete', '-x', experiment);
    });

    test("another region than the bucket's: D22", async () => {
      const broken = await about('D22', { ...client(), AWS_DEFAULT_REGION: 'us-east-1' });
      expect(broken).toMatchObject({ level: 'warn', subject: at });
      expect(broken.evidence).toContain(`the bucket is in ${REGION}, and us-east-1 is set`);
      const mended = await followRemedy(broken.remedy ?? '', client(), rigOf().place, {});
      expect(mended).toMatchObject({ AWS_DEFAULT_REGION: REGION });
      expect(await about('D22', mended)).toMatchObject({ level: 'ok' });
    });

    test('a certificate of an authority that nobody here knows: D75', async () => {
      const rig = rigOf();
      const tls = await makeTls(rig.place.cwd);
      const nginx = await startNginx({ upstream: rig.s3.endpoint, tls });
      try {
        const env = { ...client(), MLFLOW_S3_ENDPOINT_URL: nginx.url };
        const broken = await about('D75', env);
        expect(broken).toMatchObject({ level: 'fail', subject: at });
        const remedy = (broken.remedy ?? '').replace(
          /(AWS_\w+) to a PEM file with that authority/,
          `$1=${tls.caFile}`,
        );
        const mended = await followRemedy(remedy, env, rig.place, {});
        expect(await about('D75', mended)).toMatchObject({ level: 'ok' });
        // A root that a busy disk holds up for nine seconds is told as out of reach.
        await vi.waitFor(
          async () => expect(await about('D74', mended)).toMatchObject({ level: 'ok' }),
          60_000,
        );
      } finally {
        await nginx.stop();
      }
    });

    test('a certificate that has expired, of an authority that is trusted, and of itself: D75', async () => {
      const { place, s3 } = rigOf();
      const tls = await makeTls(place.cwd);
      const openssl = (args: string) => mustRun('openssl', args.split(' '), { cwd: place.cwd });
      const before = async (certFile: string, keyFile: string, caFile: string): Promise<Told> => {
        const own = { certFile: join(place.cwd, certFile), keyFile: join(place.cwd, keyFile) };
        const nginx = await startNginx({ upstream: s3.endpoint, tls: own });
        try {
          return await about('D75', {
            ...client(),
            MLFLOW_S3_ENDPOINT_URL: nginx.url,
            AWS_CA_BUNDLE: caFile,
          });
        } finally {
          await nginx.stop();
        }
      };
      await openssl(
        'x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days -1 -extfile extensions -out old.crt',
      );
      const expired = await before('old.crt', 'server.key', tls.caFile);
      expect(expired).toMatchObject({ level: 'fail', subject: at });
      expect(expired.evidence).toMatch(
        /^the certificate of 127\.0\.0\.1:\d+ has expired: it ended on .* GMT, and is signed by mlstow-test-authority$/,
      );
      expect(expired.remedy).toMatch(
        /^renew it on 127\.0\.0\.1:\d+; if it is in force, this machine's clock/,
      );

      await openssl('x509 -req -in server.csr -signkey server.key -days -1 -extfile extensions -out own.crt');
      const both = await before('own.crt', 'server.key', tls.caFile);
      expect(both).toMatchObject({ level: 'fail', subject: at });
      expect(both.evidence).toMatch(/has expired: it ended on .* GMT, and is signed by nobody but itself/);
      expect(both.remedy).toMatch(
        /^renew it on .*, then set AWS_CA_BUNDLE to a PEM file with its authority, or/,
      );
      const unknown = await before('old.crt', 'server.key', join(place.cwd, 'own.crt'));
      expect(unknown.evidence).toMatch(
        /has expired: it ended on .* GMT, and is signed by mlstow-test-authority/,
      );
      expect(await before('server.crt', 'server.key', tls.caFile)).toMatchObject({ level: 'ok' });
    });

    test('past a proxying server, and out of reach for this client: D08', async () => {
      const rig = rigOf();
      const { experiment } = await rig.newRun(client(), 's3://artifacts/past-by-hand');
      const broken = await worstOf(rig, 'D08', {
        ...client(),
        AWS_SECRET_ACCESS_KEY: 'planted-wrong-secret',
      });
      expect(broken).toMatchObject({ level: 'fail', subject: 's3://artifacts/past-by-hand' });
      expect(broken.remedy).toContain('--artifacts-destination s3://artifacts/past-by-hand');
      expect(await worstOf(rig, 'D08', client())).toMatchObject({ level: 'ok' });
      await rig.mlstow(client(), 'experiments', 'delete', '-x', experiment);
    });
  });

  describe('a folder', () => {
    test('that another machine has of the same name: D01, and a shared one is proven', async () => {
      const rig = rigOf();
      const folder = join(rig.place.home, 'models');
      await mkdir(folder);
      const { run } = await rig.newRun(rig.client, folder);
      expect(await worstOf(rig, 'D01', rig.client, run)).toMatchObject({
        level: 'ok',
        evidence: expect.stringContaining('the folder is shared') as string,
      });
      const args = ['doctor', run, '--only', 'D01', '--output', 'json'];
      const apart = await runApart(folder, args, { cwd: rig.place.cwd, env: rig.client });
      const { items } = JSON.parse(apart.stdout) as { readonly items: readonly Told[] };
      expect(apart).toMatchObject({ code: 3, left: [] });
      expect(items[0]).toMatchObject({ check: 'D01', level: 'fail' });
      expect(items[0]?.evidence).toContain('does not see that folder');
      expect(items[0]?.remedy).toContain('--shared-path');
      const trusting = await runApart(folder, [...args, '--shared-path', folder], {
        cwd: rig.place.cwd,
        env: rig.client,
      });
      expect(trusting.code).toBe(0);
    });
  });
}
