import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { startListener, type Listener } from '../testbeds/listener.ts';
import { AWS, SECRETS, TRACKING_SECRETS } from './credentials-identities.ts';
import { asTrackingServer, everythingOf, RUN } from './credentials-server.ts';

let cwd: string;
let beds: Listener[];

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mlstow-credentials-'));
  await writeFile(join(cwd, 'file'), 'bytes');
  beds = [];
});
afterEach(async () => {
  await Promise.all([...beds.map((bed) => bed.stop()), rm(cwd, { recursive: true })]);
});

async function listen(answer?: Parameters<typeof startListener>[0]): Promise<Listener> {
  const bed = await startListener(answer);
  beds.push(bed);
  return bed;
}

async function run(args: readonly string[], tracking: string, s3: string) {
  const env = {
    ...AWS,
    ...TRACKING_SECRETS,
    MLFLOW_TRACKING_URI: tracking,
    MLFLOW_S3_ENDPOINT_URL: s3,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
  };
  return runCli([...args, '--verbose'], { cwd, env });
}

const COMMANDS: readonly (readonly string[])[] = [
  ['artifacts', 'list', '-r', RUN],
  ['artifacts', 'download', '-r', RUN, '-d', 'out'],
  ['artifacts', 'log', 'file', '-r', RUN],
];

describe.each(COMMANDS)('%s %s', (...args) => {
  test.each([301, 302, 307, 308])('a %i of an S3 endpoint is not followed', async (status) => {
    const other = await listen();
    const endpoint = await listen((request, response) => {
      response.writeHead(status, { location: `${other.url}${request.url}` }).end();
    });
    const tracking = await listen(asTrackingServer(() => 's3://bucket/7/r/artifacts'));
    const result = await run(args, tracking.url, endpoint.url);
    expect(result, result.stderr).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toContain(`redirects to ${other.url}, where the credentials must not go`);
    expect(other.requests).toEqual([]);
    expect(endpoint.requests.length).toBeGreaterThan(0);
    for (const secret of SECRETS) expect(result.stderr).not.toContain(secret);
  });

  test('neither the S3 endpoint nor the tracking server gets the credentials of the other', async () => {
    const endpoint = await listen((_, response) => response.writeHead(403).end());
    const tracking = await listen(asTrackingServer(() => 's3://bucket/7/r/artifacts'));
    const result = await run(args, tracking.url, endpoint.url);
    expect(result, result.stderr).toMatchObject({ code: 6, stdout: '' });
    for (const { headers } of endpoint.requests) expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 /);
    for (const { headers } of tracking.requests) expect(headers.authorization).toMatch(/^Basic /);
    const session = AWS['AWS_SESSION_TOKEN'] ?? '';
    const atEndpoint = everythingOf(endpoint.requests);
    expect(atEndpoint).toContain(session);
    for (const secret of SECRETS.filter((each) => each !== session)) expect(atEndpoint).not.toContain(secret);
    expect(everythingOf(tracking.requests)).not.toMatch(/AWS4-HMAC|x-amz-|never-shown/);
    for (const secret of SECRETS) expect(result.stderr).not.toContain(secret);
  });
});
