import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { freePort } from '../testbeds/bed.ts';
import { startListener, type Listener } from '../testbeds/listener.ts';
import { AWS, SECRETS, TRACKING_SECRETS, withUserinfo } from './credentials-identities.ts';
import { RUN } from './credentials-server.ts';

const USER_FILE = `
tracking:
  password: from-the-user-file-never-shown
  uri: http://eve:Other-secret-never-shown@127.0.0.1:1
`;
const ALL_SECRETS = [...SECRETS, 'never-shown'];

let home: string;
let refusing: Listener;
let closed: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mlstow-credentials-'));
  await mkdir(join(home, '.config', 'mlstow'), { recursive: true });
  await writeFile(join(home, '.config', 'mlstow', 'config.yaml'), USER_FILE);
  await writeFile(join(home, 'file'), 'bytes');
  refusing = await startListener((_, response) => {
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error_code: 'UNAUTHENTICATED', message: 'who are you?' }));
  });
  closed = `http://127.0.0.1:${await freePort()}`;
});
afterAll(async () => Promise.all([refusing.stop(), rm(home, { recursive: true })]));

const COMMANDS: readonly (readonly [number, ...string[]])[] = [
  [0, 'config', 'list'],
  [0, 'config', 'list', '--show-origin'],
  [0, 'config', 'list', '--set', '--show-origin'],
  [0, 'config', 'get', 'tracking.password', '--show-origin'],
  [0, 'config', 'get', 'MLFLOW_TRACKING_TOKEN'],
  [0, 'config', 'get', 'AWS_SECRET_ACCESS_KEY'],
  [0, 'config', 'get', 'tracking.uri', '--show-origin'],
  [6, 'runs', 'get', '-r', RUN],
  [6, 'experiments', 'create', '-n', 'x'],
  [6, 'artifacts', 'log', 'file', '-r', RUN],
  [6, 'artifacts', 'list', '-r', RUN],
  [6, 'resolve', RUN],
];

const MODES: readonly (readonly string[])[] = [
  [],
  ['--verbose'],
  ['--output', 'json', '--verbose'],
  ['--output', 'jsonl', '--verbose', '--log-format', 'json'],
];

async function run(args: readonly string[], tracking: string) {
  const env = {
    ...AWS,
    ...TRACKING_SECRETS,
    MLFLOW_TRACKING_URI: withUserinfo(tracking),
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
    HTTPS_PROXY: 'http://proxy:Proxy-secret-never-shown@127.0.0.1:9',
  };
  return runCli(args, { cwd: home, env });
}

test.each(MODES)('no command shows a secret with %s %s %s %s', async (...mode) => {
  for (const [code, ...args] of COMMANDS) {
    const result = await run([...args, ...mode], refusing.url);
    expect(result, `${args.join(' ')}: ${result.stderr}`).toMatchObject({ code });
    for (const secret of ALL_SECRETS) expect(result.stdout + result.stderr).not.toContain(secret);
  }
});

test('no command shows a secret when the server cannot be reached', async () => {
  for (const mode of MODES) {
    for (const [, ...args] of COMMANDS.slice(7)) {
      const result = await run([...args, ...mode], closed);
      expect(result, result.stderr).toMatchObject({ code: 7, stdout: '' });
      for (const secret of ALL_SECRETS) expect(result.stderr).not.toContain(secret);
    }
  }
});

test('a secret in a flag is shown neither by config nor by an error', async () => {
  const uri = withUserinfo(closed);
  for (const args of [
    ['config', 'get', 'tracking.uri'],
    ['config', 'list', '--show-origin'],
    ['artifacts', 'list', '-u', `${uri}/api/2.0/mlflow-artifacts/artifacts/x`],
    ['artifacts', 'list', '-u', 's3://key:Url-secret-never-shown@bucket/x'],
    ['artifacts', 'list', '-u', 'sftp://ada:Url-secret-never-shown@host/x'],
    ['resolve', 'postgresql://ada:Url-secret-never-shown@host/db'],
    ['runs', 'get', '-r', RUN],
  ]) {
    const result = await run([...args, '--tracking-uri', uri, '--verbose'], closed);
    for (const secret of ALL_SECRETS) {
      expect(result.stdout + result.stderr, args.join(' ')).not.toContain(secret);
    }
  }
});

test('an answer of the server that repeats a credential in a URI is redacted', async () => {
  const echo = await startListener((request, response) => {
    response.writeHead(500, { 'content-type': 'text/plain' });
    response.end(`cannot connect to postgresql://ml:Db-secret-never-shown@db/ml for ${request.url}`);
  });
  try {
    const result = await run(['runs', 'get', '-r', RUN, '--verbose'], echo.url);
    expect(result).toMatchObject({ code: 7, stdout: '' });
    expect(result.stderr).not.toContain('Db-secret');
    expect(result.stderr).toContain('postgresql://ml:***@db/ml');
  } finally {
    await echo.stop();
  }
});
