import { describe, expect, it } from 'vitest';
import { ARTIFACT_URI_TAG } from '../../../src/resolver/artifact-uri-tag.ts';
import { formatPlace } from '../../../src/resolver/resolution.ts';
import type { RunInfo } from '../../../src/tracking/entities.ts';
import { expectFailure } from '../../conformance/artifact-store/expect-failure.ts';
import { io, openRig } from './rig.ts';

const root = (uri: string) => ({ artifactRoot: { uri, origin: 'environment MLFLOW_ARTIFACT_URI' } });
const tail = ({ experimentId, runId }: RunInfo): string => `${experimentId}/${runId}/artifacts`;

describe('where new artifacts of a run go', () => {
  it('is its own URI without MLFLOW_ARTIFACT_URI', async () => {
    const rig = await openRig();
    const run = await rig.run('s3://b/exp');
    const found = await rig.resolver().destination(run.runId, io);
    expect(found).toMatchObject({ own: true, location: { redacted: run.artifactUri } });
    expect(found.tag).toBeUndefined();
  });

  it.each(['s3://b/exp', 's3://b/exp/', 's3://b', 's3://b/'])(
    'is its own URI below the root %s',
    async (uri) => {
      const rig = await openRig();
      const run = await rig.run('s3://b/exp');
      expect((await rig.resolver(root(uri)).destination(run.runId, io)).own).toBe(true);
    },
  );

  it('is its own URI when the root is exactly that', async () => {
    const rig = await openRig();
    const run = await rig.run('s3://b/exp');
    expect((await rig.resolver(root(run.artifactUri)).destination(run.runId, io)).own).toBe(true);
  });

  it.each(['s3://b/ex', 's3://other', 'gs://b/exp', 's3://b/exp2/'])(
    'is a folder below the root %s, and the tag that records it',
    async (uri) => {
      const rig = await openRig();
      const run = await rig.run('s3://b/exp');
      const found = await rig.resolver(root(uri)).destination(run.runId, io);
      const there = `${uri.replace(/\/$/, '')}/${tail(run)}`;
      expect(found).toMatchObject({
        own: false,
        location: { redacted: there },
        tag: { key: ARTIFACT_URI_TAG, value: there },
      });
      expect(found.steps.at(-1)).toEqual({
        found: there,
        origin: 'environment MLFLOW_ARTIFACT_URI',
        shadowed: [run.artifactUri],
      });
    },
  );

  it('records a relative root as an absolute path, so that a reader elsewhere finds it', async () => {
    const rig = await openRig();
    const run = await rig.run('s3://b/exp');
    const found = await rig.resolver(root('./out')).destination(run.runId, io);
    expect(found.tag?.value).toBe(`${rig.cwd}/out/${tail(run)}`);
    const inside = await rig.run();
    expect((await rig.resolver(root('mlruns')).destination(inside.runId, io)).own).toBe(true);
  });

  it('understands a proxied root, also when run and root write the server differently', async () => {
    const rig = await openRig();
    const trackingUri = 'http://h:5000';
    const proxied = await rig.run('mlflow-artifacts://h:5000/5');
    const plain = rig.resolver({ trackingUri, ...root('mlflow-artifacts:/') });
    expect((await plain.destination(proxied.runId, io)).own).toBe(true);
    const other = await rig
      .resolver({ trackingUri, ...root('mlflow-artifacts:/x') })
      .destination(proxied.runId, io);
    expect(other.tag?.value).toBe(`mlflow-artifacts:/x/${tail(proxied)}`);
    expect(other.location.redacted).toBe(
      `http://h:5000/api/2.0/mlflow-artifacts/artifacts/x/${tail(proxied)}`,
    );
  });

  it('keeps a relative artifact URI of the run as it is declared', async () => {
    const rig = await openRig();
    const run = await rig.run();
    rig.sql(`UPDATE runs SET artifact_uri = './mlruns/0/x/artifacts'`);
    const found = await rig.resolver().destination(run.runId, io);
    expect(found.declared.path).toBe('mlruns/0/x/artifacts');
    expect(found.location.path).toBe(`${rig.cwd}/mlruns/0/x/artifacts`);
  });

  it('is refused for a deleted run', async () => {
    const rig = await openRig();
    const run = await rig.run();
    await rig.store.runs.delete(run.runId, io);
    const failure = await expectFailure(rig.resolver().destination(run.runId, io), 'conflict');
    expect(failure.facts.hint).toContain(run.runId);
  });

  it('is refused when the run records another place, allowed when it is the same', async () => {
    const rig = await openRig();
    const run = await rig.run('s3://b/exp');
    await rig.store.runs.setTag(run.runId, ARTIFACT_URI_TAG, `s3://first/${tail(run)}`, io);
    await expectFailure(rig.resolver(root('s3://second')).destination(run.runId, io), 'conflict');
    expect((await rig.resolver(root('s3://first/')).destination(run.runId, io)).own).toBe(false);
    expect(rig.warnings).toEqual([]);
    await rig.resolver().destination(run.runId, io);
    expect(rig.warnings.join()).toContain('hides the one that is logged now');
  });

  it('warns of a password that everyone would see', async () => {
    const rig = await openRig();
    const run = await rig.run('s3://b/exp');
    await rig.resolver(root('sftp://ada:geheim@h/x')).destination(run.runId, io);
    expect(rig.warnings.join()).toContain('password');
    expect(rig.warnings.join()).not.toContain('geheim');
  });

  it.each(['s3://b?x=1', 'runs:/abc', 'models:/m/1'])('refuses the root %s as a setting', async (uri) => {
    const rig = await openRig();
    const run = await rig.run('s3://b/exp');
    const asked = rig.resolver(root(uri)).destination(run.runId, io);
    const failure = await expectFailure(asked, 'misconfigured');
    expect(failure.facts.settings).toEqual(['artifacts.uri']);
    expect(failure.message).toContain('environment MLFLOW_ARTIFACT_URI');
  });
});

describe('where artifacts of a run are read', () => {
  it('is where its tag says, then its own URI, whatever this process has set', async () => {
    const rig = await openRig();
    const run = await rig.run('s3://b/exp');
    const there = `s3://elsewhere/${tail(run)}`;
    await rig.store.runs.setTag(run.runId, ARTIFACT_URI_TAG, there, io);
    for (const options of [{}, root('s3://third')]) {
      const found = await rig.resolver(options).run(run.runId, '', io);
      expect(found.places.map(formatPlace)).toEqual([there, run.artifactUri]);
      expect(found.steps.at(-1)).toMatchObject({ found: there, shadowed: [run.artifactUri] });
    }
    expect(rig.warnings).toEqual([]);
  });

  it('is one place when the tag only repeats its own', async () => {
    const rig = await openRig();
    const run = await rig.run();
    const own = await rig.resolver().run(run.runId, '', io);
    rig.sql(`UPDATE runs SET artifact_uri = '/data/${tail(run)}'`);
    await rig.store.runs.setTag(run.runId, ARTIFACT_URI_TAG, `file:///data/${tail(run)}`, io);
    expect(own.places).toHaveLength(1);
    expect((await rig.resolver().run(run.runId, '', io)).places).toHaveLength(1);
  });

  it.each([
    ['another shape', () => 's3://elsewhere/all/artifacts'],
    ['a tail that only looks alike', (run: RunInfo) => `s3://elsewhere/x${tail(run)}`],
    ['a path below', (run: RunInfo) => `s3://elsewhere/${tail(run)}/more`],
    ['no location', () => 's3://b/?x'],
    ['an unknown scheme', (run: RunInfo) => `dbfs:/${tail(run)}`],
    ['a relative path', (run: RunInfo) => `out/${tail(run)}`],
    ['a reference', (run: RunInfo) => `runs:/abc/${tail(run)}`],
    ['nothing', () => ''],
  ])('ignores a tag with %s, with a warning', async (_what, value) => {
    const rig = await openRig();
    const run = await rig.run('s3://b/exp');
    await rig.store.runs.setTag(run.runId, ARTIFACT_URI_TAG, value(run), io);
    const found = await rig.resolver().run(run.runId, '', io);
    expect(found.places.map(formatPlace)).toEqual([run.artifactUri]);
    expect(rig.warnings.join()).toContain('is ignored');
  });
});
