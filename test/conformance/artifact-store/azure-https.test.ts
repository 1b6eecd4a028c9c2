import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ArtifactStore } from '../../../src/artifacts/store.ts';
import {
  ACCOUNT,
  startAzurite,
  startManagedIdentity,
  type AzuriteBed,
  type ManagedIdentity,
} from '../../testbeds/azurite.ts';
import { azuriteConformanceBed, CONTAINER, storeAt } from '../../testbeds/azurite-store.ts';
import { artifactStoreConformance } from './suite.ts';

let bed: AzuriteBed;
let identity: ManagedIdentity;
const before = { ...process.env };

beforeAll(async () => {
  identity = await startManagedIdentity();
  // The credential library finds its managed identity there and nowhere else.
  Object.assign(process.env, identity.env, { AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential' });
  bed = await startAzurite({ tls: true });
  await bed.createContainer(CONTAINER);
});
afterAll(async () => {
  process.env = before;
  await Promise.all([bed.stop(), identity.stop()]);
});

async function byIdentity(container: string, root: string): Promise<ArtifactStore> {
  return storeAt(bed, container, root, { blobEndpoint: bed.endpoint }, { caFile: bed.caFile! });
}

artifactStoreConformance(
  azuriteConformanceBed('Azure by DefaultAzureCredential, Azurite over https', () => bed, byIdentity),
);

test('one token served all requests, and what asked is told once', async () => {
  const store = await byIdentity(CONTAINER, 'tokens');
  const traced: unknown[] = [];
  const io = {
    signal: new AbortController().signal,
    trace: (event: string, fields: unknown) => void traced.push([event, fields]),
  };
  for (let i = 0; i < 3; i += 1) expect(await store.facts(io)).toEqual({ anchor: 'present' });
  expect(identity.given()).toBe(1);
  expect(traced).toEqual([['credentials', { store: store.label, source: 'DefaultAzureCredential' }]]);
  expect(store.label).toContain(ACCOUNT);
});
