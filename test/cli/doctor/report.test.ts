import { expect, test } from 'vitest';
import { CHECKS } from '../../../src/doctor/checks/index.ts';
import { isPiece } from '../../../src/doctor/check.ts';
import { runCli, type CliResult } from '../run-cli.ts';
import { doctorPlace, type Environment } from './doctor-place.ts';

const WARNS = { MLFLOW_HOST: 'x' };
const FAILS = { ...WARNS, MLFLOW_S3_ENDPOINT_URL: 'minio' };

async function doctor(env: Environment, ...args: readonly string[]): Promise<CliResult> {
  return runCli(['doctor', '--offline', ...args], { ...(await doctorPlace()), env });
}

test.each<[string, Environment, readonly string[], number]>([
  ['nothing is wrong', {}, [], 0],
  ['something warns', WARNS, [], 0],
  ['something warns, and that is too much', WARNS, ['--strict'], 3],
  ['something fails', FAILS, [], 3],
  ['what fails is left out', FAILS, ['--ignore', 'D05'], 0],
  ['what fails is not asked for', FAILS, ['--only', 'server-variables'], 0],
])('ends as it should when %s', async (_, env, args, code) => {
  expect(await doctor(env, ...args)).toMatchObject({ code });
});

test('tells the worst first, with what to type, and the summary last', async () => {
  const { stdout, stderr } = await doctor(FAILS);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toBe('FAIL  D05 s3-endpoint');
  expect(lines[2]).toMatch(/^ {6}→ Set MLFLOW_S3_ENDPOINT_URL=/);
  expect(lines.indexOf('WARN  D33 server-variables')).toBeGreaterThan(2);
  expect(lines).toContainEqual(expect.stringMatching(/^skip {2}D30 .*: --offline/));
  expect(lines.at(-1)).toMatch(/^1 failed, 1 warning, \d+ ok, \d+ skipped \(records: sqlite:.*mlflow\.db\)$/);
  expect(stderr).toContain('mlstow doctor --explain D05');
});

test('what is well is told with --verbose alone', async () => {
  expect((await doctor({})).stdout).not.toContain('D33');
  expect((await doctor({}, '--verbose')).stdout).toContain('ok    D33');
});

test('colours only where they are asked for', async () => {
  expect((await doctor(FAILS)).stdout).not.toContain('\u001B');
  expect((await doctor(FAILS, '--color', 'always')).stdout).toContain('\u001B[31mFAIL');
});

test('-q prints nothing and keeps the exit code', async () => {
  expect(await doctor(FAILS, '-q')).toMatchObject({ code: 3, stdout: '' });
});

test('JSON is one line with every item; JSON Lines has one for each and the summary last', async () => {
  const { stdout, stderr } = await doctor(FAILS, '--output', 'json');
  const told = JSON.parse(stdout) as { readonly items: readonly object[]; readonly counts: object };
  expect(told).toMatchObject({ schema: 'mlstow.doctor/1', counts: { fail: 1, warn: 1 } });
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'misconfigured' } });
  const lines = (await doctor(FAILS, '--output', 'jsonl')).stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(told.items.length + 1);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ schema: 'mlstow.doctor/1', counts: told.counts });
});

test.each(['D26', 'd26', 'airflow-tracking'])('--explain %s', async (name) => {
  const { code, stdout } = await doctor(FAILS, '--explain', name);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^D26 airflow-tracking: .*\n\n.*append_env=True/);
  const json = JSON.parse((await doctor({}, '--explain', name, '--output', 'json')).stdout) as object;
  expect(json).toMatchObject({ schema: 'mlstow.doctor/1', check: 'D26', network: false });
});

test('a check that does not exist is a mistake, with what was meant', async () => {
  for (const flag of ['--explain', '--only', '--ignore']) {
    const { code, stderr } = await doctor({}, flag, 'airflow-trackin');
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean airflow-tracking?');
  }
});

test('every check has an id and name of its own, stands behind what it needs, and says what it is about', () => {
  const before = new Set<string>();
  for (const { id, name, title, explain, needs, network } of CHECKS) {
    expect([...before]).not.toContain(id);
    expect([...before]).not.toContain(name);
    for (const need of needs) expect(isPiece(need) ? network : before.has(need)).toBe(true);
    expect(title).not.toMatch(/\.$/);
    expect(explain.length).toBeGreaterThan(80);
    before.add(id).add(name);
  }
});
