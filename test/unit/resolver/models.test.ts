import { describe, expect, it } from 'vitest';
import { parseArtifactPath } from '../../../src/core/artifact-path.ts';
import { Failure } from '../../../src/core/failure.ts';
import { findNamedModel } from '../../../src/resolver/named-model.ts';
import { formatPlace } from '../../../src/resolver/resolution.ts';
import type { LoggedModel, Run } from '../../../src/tracking/entities.ts';
import { expectFailure } from '../../conformance/artifact-store/expect-failure.ts';
import { without } from '../transfer/rig.ts';
import { io, openRig, type Rig } from './rig.ts';

const at = async (rig: Rig, uri: string): Promise<string[]> =>
  (await rig.resolver().uri(uri, io)).places.map(formatPlace);

describe('models:/', () => {
  it('finds a version by number, alias, latest and stage, and a path below it', async () => {
    const rig = await openRig();
    rig.register('m', 1, 's3://b/one');
    rig.register('m', 2, 's3://b/two');
    rig.sql(
      "INSERT INTO registered_model_aliases (alias, version, name) VALUES ('best', 1, 'm')",
      "UPDATE model_versions SET current_stage = 'Staging' WHERE version = 1",
    );
    expect(await at(rig, 'models:/m/1')).toEqual(['s3://b/one']);
    expect(await at(rig, 'models:/m@best/MLmodel')).toEqual(['s3://b/one/MLmodel']);
    expect(await at(rig, 'models:/m/latest/a/b')).toEqual(['s3://b/two/a/b']);
    expect(await at(rig, 'models:/m/staging')).toEqual(['s3://b/one']);
    await expectFailure(at(rig, 'models:/m/3'), 'not-found');
    await expectFailure(at(rig, 'models:/m@worst'), 'not-found');
  });

  it('follows a version to a logged model, a run and another version', async () => {
    const rig = await openRig();
    const run = await rig.run('s3://b/exp');
    rig.logModel({ id: 'm-1', name: 'net', location: 's3://b/models/m-1/artifacts' });
    rig.register('logged', 1, 'models:/m-1');
    rig.register('chained', 1, 'models:/logged/1');
    rig.register('of-run', 1, `runs:/${run.runId}/model`);
    expect(await at(rig, 'models:/m-1')).toEqual(['s3://b/models/m-1/artifacts']);
    expect(await at(rig, 'models:/chained/1/MLmodel')).toEqual(['s3://b/models/m-1/artifacts/MLmodel']);
    expect(await at(rig, 'models:/of-run/1/MLmodel')).toEqual([
      `s3://b/exp/${run.runId}/artifacts/model/MLmodel`,
    ]);
    const { steps, name } = await rig.resolver().uri('models:/chained/1', io);
    expect(name).toBe('');
    expect(steps.map(({ origin }) => origin)).toEqual([
      'the command line',
      'registered model chained, version 1',
      'registered model logged, version 1',
      'logged model m-1',
    ]);
  });

  it('refuses versions that refer to each other, directly, by alias and in a long chain', async () => {
    const rig = await openRig();
    rig.register('a', 1, 'models:/b/1');
    rig.register('b', 1, 'models:/a/latest');
    for (let i = 1; i < 20; i += 1) rig.register('chain', i, `models:/chain/${i + 1}`);
    rig.register('self', 1, 'models:/self/1');
    for (const uri of ['models:/a/1', 'models:/self/1', 'models:/chain/1']) {
      const failure = await expectFailure(at(rig, uri), 'corrupt');
      expect(failure.message).toContain(' → ');
    }
  });

  it('says so when a version records no files, or a location is only a reference', async () => {
    const rig = await openRig();
    rig.register('empty', 1, '');
    await expectFailure(at(rig, 'models:/empty/1'), 'corrupt');
    const run = await rig.run('s3://b/exp');
    rig.sql(`UPDATE runs SET artifact_uri = 'runs:/${run.runId}'`);
    await expectFailure(at(rig, `runs:/${run.runId}`), 'corrupt');
  });

  it('is unsupported by a store without models', async () => {
    const rig = await openRig();
    const bare = without(rig.store, 'registry', 'loggedModels');
    const resolver = rig.resolver({ tracking: async () => bare });
    await expectFailure(resolver.uri('models:/m/1', io), 'unsupported');
    await expectFailure(resolver.uri('models:/m-1', io), 'unsupported');
  });
});

describe('a logged model through its run', () => {
  it('is found by name, the newest step first; of one step the last one', async () => {
    const rig = await openRig();
    const { runId } = await rig.run('s3://b/exp');
    rig.logModel({ id: 'm-1', name: 'net', location: 's3://b/m-1', run: runId, step: 5 });
    rig.logModel({ id: 'm-2', name: 'net', location: 's3://b/m-2', run: runId, step: 9 });
    rig.logModel({ id: 'm-3', name: 'net', location: 's3://b/m-3', run: runId, step: 9 });
    rig.logModel({ id: 'm-4', name: 'tree', location: 's3://b/m-4', run: runId, step: 10 });
    const found = await rig.resolver().uri(`runs:/${runId}/net`, io, parseArtifactPath('MLmodel'));
    expect(found.places.map(formatPlace)).toEqual([`s3://b/exp/${runId}/artifacts/net/MLmodel`]);
    expect(formatPlace((await found.fallback!())!)).toBe('s3://b/m-3/MLmodel');
    const whole = await rig.resolver().run(runId, parseArtifactPath('tree'), io);
    expect(formatPlace((await whole.fallback!())!)).toBe('s3://b/m-4');
    const none = await rig.resolver().run(runId, parseArtifactPath('forest'), io);
    expect(await none.fallback!()).toBeUndefined();
    expect((await rig.resolver().run(runId, '', io)).fallback).toBeUndefined();
  });

  it('passes over deleted models', async () => {
    const rig = await openRig();
    const { runId } = await rig.run('s3://b/exp');
    rig.logModel({ id: 'm-1', name: 'net', location: 's3://b/m-1', run: runId, step: 1 });
    rig.logModel({ id: 'm-2', name: 'net', location: 's3://b/m-2', run: runId, step: 2 });
    rig.sql("UPDATE logged_models SET lifecycle_stage = 'deleted' WHERE model_id = 'm-2'");
    const found = await rig.resolver().run(runId, parseArtifactPath('net'), io);
    expect(formatPlace((await found.fallback!())!)).toBe('s3://b/m-1');
  });

  const model = (modelId: string, name: string): LoggedModel => ({
    modelId,
    experimentId: '0',
    name,
    artifactLocation: 's3://b/m',
  });
  const runWith = (count: number): Run => ({
    info: {
      runId: 'r',
      experimentId: '0',
      status: 'FINISHED',
      artifactUri: 's3://b/r',
      lifecycleStage: 'active',
    },
    metrics: [],
    params: {},
    tags: {},
    datasetInputs: [],
    modelInputs: [],
    modelOutputs: Array.from({ length: count }, (_, step) => ({ modelId: `m-${step}`, step })),
  });

  it('asks for few models at once, stops at the first name that fits, and asks once where it can', async () => {
    let [now, most, asked] = [0, 0, 0];
    const get = async (modelId: string): Promise<LoggedModel> => {
      asked += 1;
      now += 1;
      most = Math.max(most, now);
      await new Promise(setImmediate);
      now -= 1;
      return model(modelId, modelId === 'm-290' ? 'net' : 'other');
    };
    const path = parseArtifactPath('net/x');
    const found = await findNamedModel(runWith(300), path, { loggedModels: { get } }, io);
    expect(found).toMatchObject({ model: { modelId: 'm-290' }, rest: 'x' });
    expect([most, asked]).toEqual([8, 16]);
    expect(await findNamedModel(runWith(3), path, {}, io)).toBeUndefined();
  });

  it('fails when the store fails', async () => {
    const get = async (): Promise<LoggedModel> =>
      Promise.reject(new Failure({ kind: 'unavailable', message: 'down', subject: 'm' }));
    const asked = findNamedModel(runWith(1), parseArtifactPath('net'), { loggedModels: { get } }, io);
    await expectFailure(asked, 'unavailable');
  });
});
