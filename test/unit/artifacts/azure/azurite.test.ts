import { afterAll, beforeAll } from 'vitest';
import { artifactStoreConformance } from '../../../conformance/artifact-store/suite.ts';
import { startAzurite, type AzuriteBed } from '../../../testbeds/azurite.ts';
import { azuriteConformanceBed, CONTAINER, storeAt } from '../../../testbeds/azurite-store.ts';

let bed: AzuriteBed;

beforeAll(async () => {
  bed = await startAzurite();
  await bed.createContainer(CONTAINER);
}, 120_000);
afterAll(async () => bed.stop());

artifactStoreConformance(
  azuriteConformanceBed(
    'Azure Blob Storage on Azurite',
    () => bed,
    async (container, root) => storeAt(bed, container, root),
  ),
);
