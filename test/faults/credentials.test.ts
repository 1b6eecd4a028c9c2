import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli, type CliResult } from '../cli/run-cli.ts';
import { startListener, type Answer, type Listener, type Recorded } from '../testbeds/listener.ts';
import { IDENTITIES, SECRETS, type Identity } from './credentials-identities.ts';
import { asTrackingServer, everythingOf, isApi, isArtifact, redirecting, RUN } from './credentials-server.ts';

let cwd: string;
let other: Listener;
let tracking: Listener;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mlstow-credentials-'));
  await writeFile(join(cwd, 'file'), 'bytes');
  other = await startListener(asTrackingServer(() => 'mlflow-artifacts:/7/r/artifacts'));
});
afterEach(async () => {
  await Promise.all([other.stop(), tracking.stop(), rm(cwd, { recursive: true })]);
});

const otherHost = (): string => new URL(other.url).host;
const atOther = (): string => `mlflow-artifacts://${otherHost()}/7/r/artifacts`;
const atOwn = (): string => 'mlflow-artifacts:/7/r/artifacts';

const LIST = ['artifacts', 'list', '-r', RUN];
const DOWNLOAD = ['artifacts', 'download', '-r', RUN, '-a', 'file', '-d', 'out'];
const LOG = ['artifacts', 'log', 'file', '-r', RUN];
const CREATE = ['runs', 'create', '--experiment-id', '7'];
const underUri = (verb: string, path = ''): readonly string[] => [
  'artifacts',
  verb,
  '-u',
  `${other.url}/api/2.0/mlflow-artifacts/artifacts/7/r/artifacts${path}`,
  ...(verb === 'download' ? ['-d', 'out'] : []),
];

interface Route {
  readonly name: string;
  readonly tracking: () => Answer;
  readonly args: () => readonly string[];
  readonly code: number;
  /** Whether the other host is asked at all. */
  readonly asks: boolean;
  /** Whether the command can be told to trust the other host. */
  readonly trusts: boolean;
}

const away = (status: number, when: (request: Recorded) => boolean) => () =>
  redirecting(() => other.url, status, when, asTrackingServer(atOwn));

const route = (
  name: string,
  answer: () => Answer,
  args: () => readonly string[],
  more: Partial<Route> = {},
): Route => ({ name, tracking: answer, args, code: 0, asks: true, trusts: true, ...more });

const ROUTES: readonly Route[] = [
  route(
    'a run at another host, listed',
    () => asTrackingServer(atOther),
    () => LIST,
  ),
  route(
    'a run at another host, downloaded',
    () => asTrackingServer(atOther),
    () => DOWNLOAD,
  ),
  route(
    'a run at another host, logged to',
    () => asTrackingServer(atOther),
    () => LOG,
  ),
  route(
    'the URI of another host, listed',
    () => asTrackingServer(atOwn),
    () => underUri('list'),
  ),
  route(
    'the URI of another host, downloaded',
    () => asTrackingServer(atOwn),
    () => underUri('download', '/file'),
  ),
  route('a 302 on the API', away(302, isApi), () => LIST),
  route('a 307 on the API', away(307, isApi), () => LIST),
  route(
    'a 307 on a POST to the API',
    away(307, ({ method }) => method === 'POST'),
    () => CREATE,
    {
      trusts: false,
    },
  ),
  route('a 302 on a listing', away(302, isArtifact), () => LIST),
  route('a 302 on a download', away(302, isArtifact), () => DOWNLOAD),
  route('a 307 on a download', away(307, isArtifact), () => DOWNLOAD),
  route(
    'a 307 on an upload',
    away(307, ({ method }) => method === 'PUT'),
    () => LOG,
    {
      code: 3,
      asks: false,
      trusts: false,
    },
  ),
];

async function run(identity: Identity, args: readonly string[]): Promise<CliResult> {
  const env = await identity.prepare(tracking.url, cwd);
  return runCli([...args, '--verbose'], { cwd, env: { ...env, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' } });
}

function expectNoSecret(text: string): void {
  for (const secret of [...SECRETS, 'cookie-never-shown']) expect(text).not.toContain(secret);
}

describe.each(IDENTITIES)('credentials by $name', (identity) => {
  test.each(ROUTES)('$name: the other host gets none', async (each) => {
    tracking = await startListener(each.tracking());
    const result = await run(identity, each.args());
    expect(result, result.stderr).toMatchObject({ code: each.code });
    expect(other.requests.length > 0).toBe(each.asks);
    for (const { headers } of other.requests) {
      expect(headers).not.toHaveProperty('authorization');
      expect(headers).not.toHaveProperty('cookie');
      expect(Object.keys(headers).filter((name) => name.startsWith('x-amz-'))).toEqual([]);
    }
    expectNoSecret(everythingOf(other.requests));
    expectNoSecret(result.stdout + result.stderr);
    for (const { headers } of tracking.requests) expect(headers.authorization).toMatch(identity.scheme);
  });

  test.each(ROUTES.filter(({ trusts }) => trusts))('$name: a trusted host gets them', async (each) => {
    tracking = await startListener(each.tracking());
    const trusted = await run(identity, [...each.args(), '--trust-artifact-host', otherHost()]);
    expect(trusted, trusted.stderr).toMatchObject({ code: each.code });
    expect(other.requests.length).toBeGreaterThan(0);
    for (const { headers } of other.requests) {
      expect(headers.authorization).toContain(identity.scheme);
      expect(headers).not.toHaveProperty('cookie');
    }
    expectNoSecret(trusted.stdout + trusted.stderr);
  });
});

test('what was downloaded from another host is what it sent', async () => {
  tracking = await startListener(asTrackingServer(atOther));
  const [identity] = IDENTITIES;
  if (!identity) throw new Error('no identity');
  expect(await run(identity, DOWNLOAD)).toMatchObject({ code: 0 });
  expect(await readFile(join(cwd, 'out', 'file'), 'utf8')).toBe('bytes');
});
