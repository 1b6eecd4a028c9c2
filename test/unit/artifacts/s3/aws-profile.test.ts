import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readAwsProfile } from '../../../../src/artifacts/stores/s3/aws-profile.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mlstow-profile-'));
  vi.stubEnv('AWS_CONFIG_FILE', join(dir, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(dir, 'credentials'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

test('no file says nothing', async () => {
  expect(await readAwsProfile()).toEqual({});
});

test.each([
  ['the default one', '[default]\nregion = eu-west-1\n', undefined, { region: 'eu-west-1' }],
  ['one by name', '[profile a]\nendpoint_url = http://p\n', 'a', { endpointUrl: 'http://p' }],
  [
    'its services section first',
    '[profile a]\nservices = mine\nendpoint_url = http://p\n[services mine]\ns3 =\n  endpoint_url = http://s3\n',
    'a',
    { endpointUrl: 'http://s3' },
  ],
  [
    'its own where the section names only other services',
    '[profile a]\nservices = mine\nendpoint_url = http://p\n[services mine]\nsts =\n  endpoint_url = http://sts\n',
    'a',
    { endpointUrl: 'http://p' },
  ],
  [
    'none where it is told to ignore them',
    '[profile a]\nendpoint_url = http://p\nignore_configured_endpoint_urls = true\n',
    'a',
    {},
  ],
  ['nothing of another', '[profile b]\nregion = eu-west-1\n', 'a', {}],
] as const)('%s', async (_, config, name, found) => {
  await writeFile(join(dir, 'config'), config);
  expect(await readAwsProfile(name)).toEqual(found);
});
