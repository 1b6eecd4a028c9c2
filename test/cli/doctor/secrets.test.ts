import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { variableNames } from '../../../src/config/setting.ts';
import { declarationOf, KEYS } from '../../../src/config/settings/index.ts';
import { runCli } from '../run-cli.ts';
import { BROKEN_SET_UPS } from './broken-set-ups.ts';
import { doctorPlace, mlstow, type DoctorPlace } from './doctor-place.ts';

const MARK = 'pl4nt3d';

/** Every secret setting's every variable, and every kind of URI, with a password that can be told. */
function planted({ home }: DoctorPlace): Record<string, string> {
  const secrets = KEYS.filter((key) => declarationOf(key).secret).flatMap((key) =>
    variableNames(declarationOf(key)),
  );
  return {
    ...Object.fromEntries(secrets.map((name, at) => [name, `${MARK}-${at}`])),
    MLFLOW_TRACKING_URI: `http://ada:${MARK}a@127.0.0.1:9`,
    MLFLOW_ARTIFACT_URI: `sftp://ada:${MARK}b@host/x`,
    MLFLOW_ARTIFACTS_DESTINATION: `ftp://ada:${MARK}c@host/x`,
    MLFLOW_DEFAULT_ARTIFACT_ROOT: `sftp://ada:${MARK}d@host/x`,
    MLFLOW_BACKEND_STORE_URI: `postgresql://ada:${MARK}e@host/x`,
    MLFLOW_S3_ENDPOINT_URL: `http://ada:${MARK}f@host:9000`,
    HTTP_PROXY: `http://ada:${MARK}g@proxy:3128`,
    https_proxy: `socks5://ada:${MARK}h@proxy:1080`,
    MLFLOW_S3_UPLOAD_EXTRA_ARGS: `{"SSECustomerKey": "${MARK}i", "SSECustomerKy": "${MARK}j"}`,
    MLFLOW_TRACKING_PASWORD: `${MARK}k`,
    MLSTOW_SFTP_PASSWRD: `${MARK}l`,
    GOOGLE_APPLICATION_CREDENTIALS: join(home, 'key.json'),
    MLFLOW_PYARROW_EXTRA_CONF: `password=${MARK}m`,
    AIRFLOW_CTX_DAG_ID: 'train',
  };
}

const MODES = [
  [],
  ['--verbose'],
  ['--color', 'always'],
  ['-q'],
  ['--output', 'json'],
  ['--output', 'jsonl', '--log-format', 'json', '--verbose'],
];

test.each(MODES)('no planted secret is in any output: %s %s %s', { timeout: 60_000 }, async (...mode) => {
  const place = await doctorPlace();
  await writeFile(join(place.home, 'key.json'), `{"private_key": "${MARK}n"`);
  const lines = `sftp:\n  password: ${MARK}o\ntracking:\n  tokn: ${MARK}p\n`;
  await writeFile(join(place.cwd, 'mlstow.config.yaml'), lines);
  const env = planted(place);
  const { stdout, stderr, code } = await runCli(['doctor', '--offline', ...mode], { ...place, env });
  expect(code).toBe(3);
  expect(stdout + stderr).not.toContain(MARK);
});

test('nor are those of the records', async () => {
  const place = await doctorPlace();
  await mlstow(place, 'experiments', 'create', '-n', 'a', '-l', `sftp://ada:${MARK}@host/x`);
  for (const mode of MODES) {
    const { stdout, stderr } = await runCli(['doctor', '--only', 'D30', '--only', 'D32', ...mode], place);
    expect(stdout + stderr).not.toContain(MARK);
  }
});

test('nor those of the broken set-ups', async () => {
  const secrets = ['hunter22', 'hunter23', 'aHVudGVyMjI=', 'aHVudGVyMjM='];
  const place = await doctorPlace();
  for (const { env = {} } of BROKEN_SET_UPS) {
    const given = typeof env === 'function' ? env(place) : env;
    const { stdout, stderr } = await runCli(['doctor', '--offline', '--verbose'], { ...place, env: given });
    for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
  }
});
