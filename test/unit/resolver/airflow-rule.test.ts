import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseLocation } from '../../../src/core/location.ts';
import {
  checkShared,
  checkTrackingUnderAirflow,
  type Fitness,
  type SharedRule,
  type SharedTracking,
} from '../../../src/resolver/shared-rule.ts';
import { expectFailure } from '../../conformance/artifact-store/expect-failure.ts';
import { fakeClock } from '../../conformance/artifact-store/fake-clock.ts';
import { io, temporaryFolder } from '../tracking/sql/database.ts';

/** A place in a temporary folder, with nothing in it that counts as temporary unless told. */
async function place(options: Partial<SharedRule> = {}): Promise<{ cwd: string; rule: SharedRule }> {
  const cwd = await temporaryFolder();
  const rule: SharedRule = {
    cwd,
    hostname: 'laptop',
    tempDirectories: [join(cwd, 'tmp')],
    sharedPaths: [],
    allowLocal: false,
    airflowDag: undefined,
    trackingUri: 'http://tracking:5000',
    clock: fakeClock(),
    ...options,
  };
  return { cwd, rule };
}

const network: SharedTracking = { reach: 'network', label: 'http://tracking:5000' };

const check = async (path: string, tracking: SharedTracking, rule: SharedRule): Promise<Fitness> =>
  checkShared(parseLocation(path), tracking, rule, io);

describe('under Airflow', () => {
  const airflow = async () => place({ airflowDag: 'nightly' });

  it.each([
    ['http://tracking:5000'],
    ['postgresql://u@h/db'],
    ['sqlite:////data/mlflow.db'],
    ['/data/mlruns'],
    ['file:///data/mlruns'],
  ])('the tracking URI %s is fine', async (trackingUri) => {
    const { rule } = await airflow();
    expect(() => checkTrackingUnderAirflow({ ...rule, trackingUri })).not.toThrow();
  });

  it.each([
    [undefined, 'nightly'],
    ['sqlite:///mlflow.db', 'relative'],
    ['sqlite+pysqlite:///mlflow.db?timeout=5', 'relative'],
    ['SQLITE:///mlflow.db', 'relative'],
    ['mlruns', 'relative'],
    ['file:mlruns', 'relative'],
    ['sqlite:////scratch/x/mlflow.db', 'temporary directory'],
    ['file:///scratch/mlruns', 'temporary directory'],
    ['/scratch', 'temporary directory'],
  ])('the tracking URI %s is refused', async (trackingUri, reason) => {
    const { rule } = await airflow();
    const asked = async () =>
      checkTrackingUnderAirflow({ ...rule, trackingUri, tempDirectories: ['/scratch'] });
    const failure = await expectFailure(asked(), 'misconfigured');
    expect(failure.message).toContain(reason);
    expect(failure.facts.hint).toContain('append_env=True');
  });

  it('--allow-local overrides it, and outside of Airflow nothing is refused', async () => {
    const { rule } = await airflow();
    const unset = { ...rule, trackingUri: undefined };
    expect(() => checkTrackingUnderAirflow({ ...unset, allowLocal: true })).not.toThrow();
    expect(() => checkTrackingUnderAirflow({ ...unset, airflowDag: undefined })).not.toThrow();
  });

  it('a path that cannot be read is left to whoever opens it', async () => {
    const { rule } = await airflow();
    expect(() => checkTrackingUnderAirflow({ ...rule, trackingUri: 'file://host/x' })).not.toThrow();
  });

  it('refuses a relative or temporary artifact location, also beside local records and on a shared path', async () => {
    const { cwd, rule } = await airflow();
    const local: SharedTracking = { reach: 'local', label: 'sqlite' };
    const shared = { ...rule, sharedPaths: [cwd] };
    const relative = await expectFailure(check('out/x', local, shared), 'misconfigured');
    expect(relative.message).toContain('relative');
    const temporary = await expectFailure(check(join(cwd, 'tmp/x'), local, shared), 'misconfigured');
    expect(temporary.message).toContain('temporary');
    expect(await check(join(cwd, 'data/x'), local, shared)).toBe('same machine');
    expect(await check(join(cwd, 'data/x'), network, shared)).toBe('shared path');
    expect(await check('s3://b/x', local, shared)).toBe('remote');
  });

  it('knows a temporary directory behind a link, in either direction', async () => {
    const { cwd, rule } = await airflow();
    const local: SharedTracking = { reach: 'local', label: 'sqlite' };
    await mkdir(join(cwd, 'tmp'));
    await symlink(join(cwd, 'tmp'), join(cwd, 'data'));
    await expectFailure(check(join(cwd, 'data/x'), local, rule), 'misconfigured');
    const linked = { ...rule, tempDirectories: [join(cwd, 'data')] };
    await expectFailure(check(join(cwd, 'tmp/x'), local, linked), 'misconfigured');
  });
});
