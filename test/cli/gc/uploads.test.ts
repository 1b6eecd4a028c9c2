import { existsSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli } from '../run-cli.ts';
import { gcPlace, type GcPlace } from './gc-place.ts';

const RUN = 'a'.repeat(32);
const DAY = 24 * 60 * 60;

/** An unfinished file of MLflow's own, three days old unless told. */
async function unfinished(place: GcPlace, folder: string, daysAgo = 3): Promise<string> {
  const file = join(place.cwd, folder, `.artifact.uploading.${String(daysAgo)}`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, 'half');
  const then = Date.now() / 1000 - daysAgo * DAY;
  await utimes(file, then, then);
  return file;
}

const uploads = (place: GcPlace, ...args: string[]) => place.gc('--incomplete-uploads', ...args);

it('reports old unfinished uploads wherever the database names a root, and gives them up with --yes', async () => {
  const place = await gcPlace();
  const id = await place.run({ keep: true });
  const elsewhere = join(place.cwd, 'elsewhere', '1', RUN, 'artifacts');
  place.sql(`INSERT INTO tags VALUES ('mlstow.artifactUri', '${elsewhere}', '${id}')`);
  const old = [
    await unfinished(place, `arts/1/${id}/artifacts/d0`),
    await unfinished(place, `elsewhere/1/${RUN}/artifacts`),
  ];
  const spared = [
    await unfinished(place, `arts/1/${id}/artifacts`, 1),
    await unfinished(place, 'arts/1'),
    join(place.artifacts(id), 'd0', 'f0'),
  ];
  const report = await uploads(place);
  expect(report.code).toBe(0);
  expect(report.items).toMatchObject([
    { kind: 'upload', experiment_id: '1', bytes: 4, action: 'delete' },
    { kind: 'upload', experiment_id: '1', bytes: 4, action: 'delete' },
  ]);
  expect(report.stdout).toContain('"left_out":{"young":1,"undated":0,"elsewhere":1}');
  expect(old.every((file) => existsSync(file))).toBe(true);
  expect(await uploads(place, '--yes')).toMatchObject({ code: 0, items: [{}, {}] });
  expect(old.some((file) => existsSync(file))).toBe(false);
  expect(spared.every((file) => existsSync(file))).toBe(true);
});

it('looks at --root alone without any database, and never takes a younger one', async () => {
  const place = { ...(await gcPlace()) };
  const file = await unfinished(place, `bare/1/${RUN}/artifacts`, 1);
  const root = ['gc', '--incomplete-uploads', '--root', 'bare', '--backend-store-uri', 'sqlite:///no.db'];
  expect((await runCli([...root, '--yes'], place)).stdout).toBe(
    'deleted nothing; 1 left out: younger than --older-than\n',
  );
  expect(existsSync(file)).toBe(true);
  const day = await runCli([...root, '--yes', '--older-than', '12h'], place);
  expect(day.stdout).toContain('deleted 1 unfinished upload (4 B)\n');
  expect(existsSync(file)).toBe(false);
});

it('tells a root that cannot be looked at, and goes on with the others', async () => {
  const place = await gcPlace();
  await place.run({ keep: true });
  const [other] = (await place.gc('--incomplete-uploads')).items;
  expect(other).toBeUndefined();
  const file = await unfinished(place, `arts/1/${RUN}/artifacts`);
  place.sql(
    "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage) VALUES (9, 's', 's3://bucket/9', 'active')",
  );
  const env = {
    MLFLOW_S3_ENDPOINT_URL: 'http://127.0.0.1:9',
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_DEFAULT_REGION: 'us-east-1',
  };
  const { code, stdout } = await runCli(['gc', '--incomplete-uploads', '--yes'], { cwd: place.cwd, env });
  expect(code).toBe(4);
  expect(stdout).toMatch(/failed upload s3:\/\/bucket\/?: /);
  expect(existsSync(file)).toBe(false);
});
