import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parseLocation } from '../../../src/core/location.ts';
import { createPlaces, placeOf, placesOf, subtreeOf } from '../../../src/gc/place.ts';
import { namedBy, needOf, ownerOf } from '../../../src/gc/references.ts';
import { openScratch, type Scratch } from '../../../src/gc/scratch/open-scratch.ts';

const RUN = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);
const MODEL = `m-${'c'.repeat(32)}`;

async function scratch(): Promise<Scratch> {
  const opened = await openScratch();
  onTestFinished(() => opened.close());
  return opened;
}

function refer(to: Scratch, uri: string, role: 'files' | 'root', owner: string): void {
  const { store, path } = placeOf(parseLocation(uri));
  to.run('INSERT INTO refs VALUES (?, ?, ?, ?)', store, path, role, owner);
}

it('finds who needs a place: at it, below it, around it, never beside it', async () => {
  const index = await scratch();
  const item = placeOf(parseLocation(`s3://b/root/1/${RUN}/artifacts`));
  refer(index, `s3://b/root/1/${RUN}/artifacts2`, 'files', 'sibling');
  refer(index, `s3://b/root/1/${RUN}/artifacts-x/model`, 'files', 'sibling');
  refer(index, `s3://c/root/1/${RUN}/artifacts`, 'files', 'another bucket');
  refer(index, 's3://b/root/1', 'root', 'its own experiment');
  refer(index, 's3://b/roo', 'files', 'prefix of the text');
  expect(ownerOf(index, item)).toBeUndefined();
  refer(index, `s3://b/root/1/${RUN}/artifacts/model`, 'files', 'below');
  expect(ownerOf(index, item)).toBe('below');

  const around = await scratch();
  refer(around, 's3://b/root', 'files', 'around');
  expect(ownerOf(around, item)).toBe('around');
  const roots = await scratch();
  refer(roots, `s3://b/root/1/${RUN}/artifacts/nested`, 'root', 'experiment inside');
  expect(ownerOf(roots, item)).toBe('experiment inside');
});

it.each([
  [`wasbs://c@acc.blob.core.windows.net/p`, `abfss://c@acc.dfs.core.windows.net/p`],
  ['hdfs:///a/b', 'hdfs://name-node:8020/a/b'],
  ['sftp://user@host/a', 'sftp://host:22/a'],
  ['file:///a%20b', '/a b'],
  ['r2://b@acct.r2.cloudflarestorage.com/p', 's3://b/p'],
  ['s3://b/a//c', 's3://b/a/c'],
])('takes %s and %s for one place', (one, other) => {
  expect(placeOf(parseLocation(one))).toEqual(placeOf(parseLocation(other)));
});

it('follows links to where a local path really is', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'mlstow-gc-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'real'));
  await symlink(join(folder, 'real'), join(folder, 'link'));
  const found = await placesOf(parseLocation(join(folder, 'link', RUN, 'artifacts')));
  expect(found.map(({ path }) => `/${path}`)).toEqual([
    join(folder, 'link', RUN, 'artifacts'),
    join(folder, 'real', RUN, 'artifacts'),
  ]);
});

it('looks up the places of a location once', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'mlstow-gc-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [places, location] = [createPlaces(), parseLocation(join(folder, 'link', RUN))];
  const before = await places(location);
  await symlink(folder, join(folder, 'link'));
  expect(await places(location)).toBe(before);
  expect(await createPlaces()(location)).toHaveLength(2);
});

it('understands references that name rows, also in URIs that nobody can read', async () => {
  const physical = async (uri: string) => parseLocation(uri);
  const owner = { kind: 'version', id: 'm/1' } as const;
  const ids = async (uri: string) => (await namedBy({ owner, role: 'files', uri }, physical)).ids;
  expect(await ids(`runs:/${RUN}/model`)).toContain(RUN);
  expect(await ids(`models:/${MODEL}`)).toContain(MODEL);
  expect(await ids(`dbfs:/x/${RUN}/artifacts`)).toEqual([RUN]);
  expect(await ids(`s3://b/${RUN}/artifacts?x=${OTHER}`)).toEqual([RUN, OTHER]);
  expect((await namedBy({ owner, role: 'files', runId: RUN }, physical)).ids).toEqual([RUN]);
  const index = await scratch();
  index.run('INSERT INTO needs VALUES (?, ?)', RUN, 'model version m/1');
  expect([needOf(index, RUN), needOf(index, OTHER)]).toEqual(['model version m/1', undefined]);
});

it.each([
  's3://bucket',
  's3://bucket/',
  '/',
  `s3://b/1/${RUN}`,
  `s3://b/1/${RUN}/artifacts/model`,
  `s3://b/1/${OTHER}/artifacts`,
  `s3://b/1/x${RUN}/artifacts`,
  `s3://b/1/${RUN}/artifacts2`,
  `/${RUN}/artifacts`,
])('refuses to empty %s for a run', (uri) => {
  expect(() => subtreeOf('run', RUN, '1', parseLocation(uri))).toThrow(
    expect.objectContaining({ kind: 'refused' }),
  );
});

it('opens the store above a subtree, and knows the artifact root', () => {
  const run = subtreeOf('run', RUN, '1', parseLocation(`s3://b/root/1/${RUN}/artifacts`));
  expect([run.base.redacted, run.under, run.holder, run.root.redacted]).toEqual([
    's3://b/root/1',
    `${RUN}/artifacts`,
    RUN,
    's3://b/root',
  ]);
  const bare = subtreeOf('run', RUN, '1', parseLocation(`s3://b/${RUN}/artifacts`));
  expect([bare.base.redacted, bare.root.redacted]).toEqual(['s3://b', 's3://b']);
  const model = subtreeOf('model', MODEL, '1', parseLocation(`/srv/1/models/${MODEL}/artifacts`));
  expect([model.base.redacted, model.under, model.root.redacted]).toEqual([
    '/srv/1',
    `models/${MODEL}/artifacts`,
    '/srv',
  ]);
});
