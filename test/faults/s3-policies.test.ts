import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesSource } from '../../src/artifacts/sources.ts';
import type { S3Options } from '../../src/artifacts/stores/s3/backend.ts';
import type { ArtifactStore } from '../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../src/core/artifact-path.ts';
import type { Failure } from '../../src/core/failure.ts';
import type { Io } from '../../src/core/io.ts';
import { runCli } from '../cli/run-cli.ts';
import { failureOf } from '../conformance/artifact-store/expect-failure.ts';
import { startMinio, startVersitygw, type S3Bed } from '../testbeds/s3.ts';
import { assumeRole, type Statement } from '../testbeds/s3-role.ts';
import { storeAt } from '../testbeds/s3-store.ts';

const io: Io = { signal: new AbortController().signal };
const path = parseArtifactPath;
const ALICE = { accessKeyId: 'alice', secretAccessKey: 'alice-secret' };

/** All rights in a bucket but one action, on the bucket itself or on what is below a folder of it. */
const allBut = (bucket: string, action: string, folder = ''): readonly Statement[] => [
  { Effect: 'Allow', Action: ['s3:*'], Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`] },
  {
    Effect: 'Deny',
    Action: [action],
    Resource: [`arn:aws:s3:::${bucket}${action === 's3:ListBucket' ? '' : `/${folder}*`}`],
  },
];

let minio: S3Bed;
let versitygw: S3Bed;
let cwd: string;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mlstow-policies-'));
  await writeFile(join(cwd, 'file'), 'bytes');
  [minio, versitygw] = await Promise.all([startMinio(), startVersitygw({ user: ALICE })]);
});
afterAll(async () => {
  await Promise.all([minio.stop(), versitygw.stop(), rm(cwd, { recursive: true })]);
});

/** Someone who has these rights at a server, as the settings of our store. */
interface Someone {
  readonly name: string;
  readonly bed: () => S3Bed;
  readonly as: (bucket: string, statements: readonly Statement[]) => Promise<Partial<S3Options>>;
}

const PEOPLE: readonly Someone[] = [
  {
    name: 'a role of MinIO with such a policy',
    bed: () => minio,
    as: async (_bucket, statements) => assumeRole(minio, statements),
  },
  {
    name: 'anyone at a bucket of MinIO with such a policy',
    bed: () => minio,
    as: async (bucket, statements) => {
      await minio.setPolicy(bucket, '*', statements);
      return { signatureVersion: 'unsigned' };
    },
  },
  {
    name: 'a user of versitygw at a bucket with such a policy',
    bed: () => versitygw,
    as: async (bucket, statements) => {
      await versitygw.setPolicy(bucket, ALICE.accessKeyId, statements);
      return ALICE;
    },
  },
];

let buckets = 0;

async function filled(bed: S3Bed, names: readonly string[]): Promise<string> {
  const bucket = `policies-${(buckets += 1)}`;
  await bed.createBucket(bucket);
  const store = await storeAt(bed, bucket);
  for (const name of names) await store.write(path(name), bytesSource(Buffer.from('x')), {}, io);
  return bucket;
}

async function names(store: ArtifactStore): Promise<string[]> {
  const found: string[] = [];
  for await (const page of store.list('', { recursive: true }, io)) found.push(...page.map((e) => e.path));
  return found;
}

function expectDenied({ kind, message, facts }: Failure, action: string, bucket: string): void {
  expect(kind, message).toBe('denied');
  expect(message).toContain(`${action} is denied in bucket ${bucket}`);
  expect(facts.hint).toContain(`allow ${action} on arn:aws:s3:::${bucket}`);
}

describe.each(PEOPLE)('$name', ({ bed, as }) => {
  test('that denies deleting alone: each key that stays is told, the others are gone', async () => {
    const all = ['free/a', 'free/b', 'kept/a', 'kept/b'];
    const bucket = await filled(bed(), all);
    const who = await as(bucket, allBut(bucket, 's3:DeleteObject', 'kept/'));
    const store = await storeAt(bed(), bucket, '', who);
    const undone = await store.remove(
      all.map((name) => ({ path: path(name), kind: 'file' as const })),
      io,
    );
    expect(undone.map(({ removal }) => removal.path).sort()).toEqual(['kept/a', 'kept/b']);
    for (const { removal, failure } of undone) {
      expectDenied(failure, 's3:DeleteObject', bucket);
      expect(failure.message).toContain(`s3://${bucket}/${removal.path}`);
    }
    expect(await names(store)).toEqual(['kept/a', 'kept/b']);
    await store.write(path('kept/a'), bytesSource(Buffer.from('new')), {}, io);
    expect((await store.stat(path('kept/a'), io))?.size).toBe(3);
  });

  test('that denies listing alone: told when listed; reading and writing go on', async () => {
    const bucket = await filled(bed(), ['dir/file']);
    const who = await as(bucket, allBut(bucket, 's3:ListBucket'));
    const store = await storeAt(bed(), bucket, '', who);
    expectDenied(await failureOf(names(store)), 's3:ListBucket', bucket);
    expect((await store.stat(path('dir/file'), io))?.size).toBe(1);
    await store.write(path('dir/new'), bytesSource(Buffer.from('new')), {}, io);
    const body = await store.read(path('dir/new'), {}, io);
    expect(Buffer.concat((await body.stream.toArray()) as Buffer[]).toString()).toBe('new');
    expect(await store.remove([{ path: path('dir/new'), kind: 'file' }], io)).toEqual([]);
  });
});

describe('on the command line', () => {
  const envOf = async (statements: readonly Statement[]) => {
    const keys = await assumeRole(minio, statements);
    return {
      MLFLOW_S3_ENDPOINT_URL: minio.endpoint,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken,
    };
  };

  test.each([
    ['list', '-u'],
    ['download', '-d', 'out', '-u'],
  ])('artifacts %s where listing is denied: exit 6, what is denied and what to allow', async (...args) => {
    const bucket = await filled(minio, ['dir/file']);
    const env = await envOf(allBut(bucket, 's3:ListBucket'));
    const listed = await runCli(['artifacts', ...args, `s3://${bucket}/dir`], { cwd, env });
    expect(listed, listed.stderr).toMatchObject({ code: 6, stdout: '' });
    expect(listed.stderr).toContain(`s3:ListBucket is denied in bucket ${bucket}`);
    expect(listed.stderr).toContain(`allow s3:ListBucket on arn:aws:s3:::${bucket} in`);
  });

  test('a probe that cannot be deleted: exit 6, what is denied and what to allow', async () => {
    const bucket = await filled(minio, []);
    const env = await envOf(allBut(bucket, 's3:DeleteObject'));
    const args = ['experiments', 'create', '-n', 'denied', '-l', `s3://${bucket}/x`, '--check'];
    const checked = await runCli(args, { cwd, env });
    expect(checked, checked.stderr).toMatchObject({ code: 6, stdout: '' });
    expect(checked.stderr).toContain(`s3:DeleteObject is denied in bucket ${bucket}`);
    expect(checked.stderr).toContain(`allow s3:DeleteObject on arn:aws:s3:::${bucket}/*`);
  });
});
