import { describe, expect, it } from 'vitest';
import { parseArtifactPath } from '../../../src/core/artifact-path.ts';
import { formatLocation } from '../../../src/core/location.ts';
import { formatPlace, type Resolution } from '../../../src/resolver/resolution.ts';
import { parseTarget } from '../../../src/resolver/target.ts';
import { expectFailure } from '../../conformance/artifact-store/expect-failure.ts';
import { io, openRig } from './rig.ts';

const places = ({ places: all }: Resolution): string[] => all.map(formatPlace);

describe('a URI of a store', () => {
  it('is its own place; the folder above is looked into when nothing is below it', async () => {
    const rig = await openRig();
    const found = await rig.resolver().uri('s3://bucket/a/b.txt', io);
    expect(places(found)).toEqual(['s3://bucket/a/b.txt']);
    expect(found.name).toBe('b.txt');
    expect(found.steps).toEqual([{ found: 's3://bucket/a/b.txt', origin: 'the command line' }]);
    const above = await found.fallback?.();
    expect(above).toMatchObject({ path: 'b.txt' });
    expect(formatLocation(above!.location)).toBe('s3://bucket/a');
  });

  it.each([
    ['s3://bucket/file', 's3://bucket', 'file'],
    ['/file', '/', 'file'],
    ['/a%2520b/c%2520d', 'file:///a%2520b', 'c%20d'],
    [
      'http://h/api/2.0/mlflow-artifacts/artifacts/a%20b',
      'http://h/api/2.0/mlflow-artifacts/artifacts',
      'a b',
    ],
  ])('%s is %s and %s', async (uri, folder, name) => {
    const found = await (await openRig()).resolver().uri(uri, io);
    const above = await found.fallback?.();
    expect(above && [formatLocation(above.location), above.path]).toEqual([folder, name]);
    expect(found.name).toBe(name);
  });

  it.each([
    's3://bucket',
    '/',
    'http://h/pre/api/2.0/mlflow-artifacts/artifacts',
    's3://bucket/a//b',
    's3://b//f',
  ])('%s has no folder above it', async (uri) => {
    const found = await (await openRig()).resolver().uri(uri, io);
    expect(await found.fallback?.()).toBeUndefined();
  });

  it('with a path has no second place, and carries the path', async () => {
    const found = await (await openRig()).resolver().uri('s3://bucket/a', io, parseArtifactPath('x/y'));
    expect(places(found)).toEqual(['s3://bucket/a/x/y']);
    expect(found.fallback).toBeUndefined();
    expect(found.name).toBe('y');
  });

  it('counts a relative path from the working directory, whatever that is called', async () => {
    const rig = await openRig();
    const cwd = `${rig.cwd}/100%25 #1`;
    const found = await rig.resolver({ cwd }).uri('sub/./dir', io);
    expect(found.places[0].location.path).toBe(`${cwd}/sub/dir`);
    expect(found.steps.at(-1)?.origin).toBe('the working directory');
  });

  it('never shows a password', async () => {
    const found = await (await openRig()).resolver().uri('sftp://ada:geheim@h/x', io);
    expect(JSON.stringify(found.steps) + places(found).join()).not.toContain('geheim');
  });
});

describe('mlflow-artifacts', () => {
  it('is the tracking server, below its path, or the host that it names', async () => {
    const resolver = (await openRig()).resolver({ trackingUri: 'http://h:5000/pfx' });
    const at = async (uri: string) => places(await resolver.uri(uri, io))[0];
    const service = 'api/2.0/mlflow-artifacts/artifacts';
    expect(await at('mlflow-artifacts:/0/r')).toBe(`http://h:5000/pfx/${service}/0/r`);
    expect(await at('mlflow-artifacts://o:8080/0')).toBe(`http://o:8080/pfx/${service}/0`);
  });

  it.each([
    ['mlflow-artifacts:/0/a%20b', 's3://data/pre/0/a b'],
    ['mlflow-artifacts:/', 's3://data/pre'],
    ['mlflow-artifacts:/0//r', 's3://data/pre/0/r'],
  ])('%s is %s below the artifacts destination when no server is in play', async (uri, place) => {
    const artifactsDestination = { uri: 's3://data/pre', origin: 'flag --artifacts-destination' };
    const found = await (await openRig()).resolver({ artifactsDestination }).uri(uri, io);
    expect(places(found)).toEqual([place]);
    expect(found.steps.at(-1)?.origin).toBe('flag --artifacts-destination');
  });

  it('takes a relative destination from the working directory', async () => {
    const rig = await openRig();
    const artifactsDestination = { uri: './mlartifacts', origin: 'x' };
    const found = await rig.resolver({ artifactsDestination }).uri('mlflow-artifacts:/0', io);
    expect(places(found)).toEqual([`${rig.cwd}/mlartifacts/0`]);
  });

  it('is refused without a server or a destination, and with a host that only a server can reach', async () => {
    const rig = await openRig();
    const artifactsDestination = { uri: 's3://data', origin: 'x' };
    await expectFailure(rig.resolver().uri('mlflow-artifacts:/0', io), 'misconfigured');
    const hosted = rig.resolver({ artifactsDestination }).uri('mlflow-artifacts://h/0', io);
    await expectFailure(hosted, 'misconfigured');
  });

  it.each(['mlflow-artifacts:/x', 'runs:/abc', 'models:/m/1', 'http://h/?q'])(
    'refuses the destination %s and names who set it',
    async (uri) => {
      const artifactsDestination = { uri, origin: 'environment MLFLOW_ARTIFACTS_DESTINATION' };
      const asked = (await openRig()).resolver({ artifactsDestination }).uri('mlflow-artifacts:/0', io);
      const failure = await expectFailure(asked, 'misconfigured');
      expect(failure.message).toContain('environment MLFLOW_ARTIFACTS_DESTINATION');
      expect(failure.facts.settings).toEqual(['artifacts.destination']);
    },
  );
});

describe('a target operand', () => {
  it.each([
    ['experiment:my exp', { kind: 'experiment', nameOrId: 'my exp' }],
    [
      'm-0123456789abcdef0123456789abcdef',
      { kind: 'uri', uri: 'models:/m-0123456789abcdef0123456789abcdef' },
    ],
    ['s3://b/x', { kind: 'uri', uri: 's3://b/x' }],
    ['./dir', { kind: 'uri', uri: './dir' }],
    ['a/b', { kind: 'uri', uri: 'a/b' }],
    ['0123abcd', { kind: 'run', runId: '0123abcd' }],
  ])('%s', (text, target) => {
    expect(parseTarget(text)).toEqual(target);
  });

  it.each(['', 'experiment:'])('%j names nothing', async (text) => {
    await expectFailure((await openRig()).resolver().target(text, io), 'usage');
  });

  it('finds a run, an experiment by name and by id, and a URI', async () => {
    const rig = await openRig();
    const run = await rig.run('s3://b/exp');
    const at = async (text: string) => places(await rig.resolver().target(text, io));
    expect(await at(run.runId)).toEqual([`s3://b/exp/${run.runId}/artifacts`]);
    expect(await at('experiment:experiment 1')).toEqual(['s3://b/exp']);
    expect(await at(`experiment:${run.experimentId}`)).toEqual(['s3://b/exp']);
    expect(await at('s3://b/other')).toEqual(['s3://b/other']);
    for (const missing of ['experiment:nobody', 'experiment:77', 'f'.repeat(32)])
      await expectFailure(rig.resolver().target(missing, io), 'not-found');
  });
});
