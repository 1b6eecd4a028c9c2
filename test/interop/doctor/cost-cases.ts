import {
  CreateMultipartUploadCommand,
  DeleteBucketLifecycleCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Environment, Told } from '../../cli/doctor/doctor-place.ts';
import { mustRunCli, runCli } from '../../cli/run-cli.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { assumeRole } from '../../testbeds/s3-role.ts';
import { worstOf, type Rig } from './rig.ts';

const Bucket = 'versioned';
const ROOT = `s3://${Bucket}/models`;

/** What S3 bills and no listing shows. */
export function costCases(rigOf: () => Rig): void {
  const client = (): Environment => ({ ...rigOf().client, ...rigOf().keys });

  async function keptKeys(): Promise<readonly string[]> {
    const { Versions = [], DeleteMarkers = [] } = await rigOf().s3.client.send(
      new ListObjectVersionsCommand({ Bucket }),
    );
    return [...Versions, ...DeleteMarkers].map(({ Key = '' }) => Key);
  }

  /** A client that may do everything there but these actions. */
  async function without(...actions: readonly string[]): Promise<Environment> {
    const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
    const role = await assumeRole(rigOf().s3, [
      { Effect: 'Allow', Action: ['s3:*'], Resource },
      { Effect: 'Deny', Action: actions, Resource },
    ]);
    return {
      ...client(),
      AWS_ACCESS_KEY_ID: role.accessKeyId,
      AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
      AWS_SESSION_TOKEN: role.sessionToken,
    };
  }

  describe('a bucket that keeps versions', () => {
    beforeAll(() => rigOf().s3.createVersionedBucket(Bucket));

    test('is told, until a rule removes them; no version of a probe stays: D28', async () => {
      const { s3 } = rigOf();
      const broken = await worstOf(rigOf(), 'D28', client(), ROOT);
      expect(broken).toMatchObject({ level: 'warn', subject: ROOT });
      expect(broken.evidence).toContain('deleting frees nothing');
      expect(broken.remedy).toContain('mlstow gc --all-versions');
      expect(await worstOf(rigOf(), 'D23', client(), ROOT)).toMatchObject({ level: 'ok' });
      expect(await keptKeys()).toEqual([]);
      const NoncurrentVersionExpiration = { NoncurrentDays: 1 };
      const rule = (Prefix: string) => ({
        Bucket,
        LifecycleConfiguration: {
          Rules: [{ ID: 'old', Status: 'Enabled', Filter: { Prefix }, NoncurrentVersionExpiration } as const],
        },
      });
      await s3.client.send(new PutBucketLifecycleConfigurationCommand(rule('elsewhere/')));
      expect(await worstOf(rigOf(), 'D28', client(), ROOT)).toMatchObject({ level: 'warn' });
      await s3.client.send(new PutBucketLifecycleConfigurationCommand(rule('')));
      expect(await worstOf(rigOf(), 'D28', client(), ROOT)).toMatchObject({ level: 'ok' });
      await s3.client.send(new DeleteBucketLifecycleCommand({ Bucket }));
    });

    test('and lets nobody remove them: what stays of the probe is told', async () => {
      const env = await without('s3:DeleteObjectVersion');
      const broken = await worstOf(rigOf(), 'D28', env, ROOT);
      expect(broken).toMatchObject({ level: 'warn' });
      expect(broken.evidence).toMatch(
        /of doctor's own probe \d versions stayed there: .*s3:DeleteObjectVersion is denied/,
      );
      expect(broken.remedy).toContain('mlstow doctor --read-only writes no probe');
      const [probe, ...others] = new Set(await keptKeys());
      expect(probe).toContain('models/.mlstow-doctor-');
      expect(others).toEqual([]);
      expect(await worstOf(rigOf(), 'D28', env, ROOT, '--read-only')).toMatchObject({ level: 'warn' });
      expect(new Set(await keptKeys())).toEqual(new Set([probe]));
    });

    test('and tells nobody: nothing is claimed', async () => {
      const env = await without('s3:GetBucketVersioning');
      const told = await worstOf(rigOf(), 'D28', env, ROOT, '--read-only');
      expect(told).toMatchObject({ level: 'skip' });
      expect(told.evidence).toContain('s3:GetBucketVersioning is denied');
    });
  });

  test('an upload that was given up three days ago is told until gc ends it: D28', async () => {
    const { s3, place } = rigOf();
    const Key = `by-hand/7/${'0123456789abcdef'.repeat(2)}/artifacts/big.bin`;
    await s3.client.send(new CreateMultipartUploadCommand({ Bucket: 'artifacts', Key }));
    const later = { ...systemClock, now: () => systemClock.now() + 3 * 86_400_000 };
    const at = { ...place, env: client(), clock: later };
    const asked = ['doctor', 's3://artifacts/by-hand', '--only', 'D28', '--output', 'json'];
    const told = await runCli(asked, at);
    const { items } = JSON.parse(told.stdout) as { readonly items: readonly Told[] };
    const broken = items.find(({ level }) => level === 'warn');
    expect(broken?.evidence).toContain(
      '1 upload below s3://artifacts/by-hand was begun more than 2 days ago',
    );
    const [, command = ''] = (broken?.remedy ?? '').split('mlstow ');
    await mustRunCli(command.split(' '), at);
    const { Uploads = [] } = await s3.client.send(
      new ListMultipartUploadsCommand({ Bucket: 'artifacts', Prefix: Key }),
    );
    expect(Uploads).toEqual([]);
    expect((await runCli([...asked, '--strict'], at)).code).toBe(0);
  });
}
