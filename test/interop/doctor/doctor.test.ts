import { afterAll, beforeAll } from 'vitest';
import { costCases } from './cost-cases.ts';
import { healthyCases } from './healthy-cases.ts';
import { nginxCases } from './nginx-cases.ts';
import { startOtherStores, type OtherStores } from './other-stores.ts';
import { startRig, type Rig } from './rig.ts';
import { serverCases } from './server-cases.ts';
import { storeCases } from './store-cases.ts';

let stores: OtherStores;
let rig: Rig;

beforeAll(async () => {
  stores = await startOtherStores();
  rig = await startRig(stores.server);
});
afterAll(async () => {
  await rig.stop();
  await stores.stop();
});

healthyCases(
  () => rig,
  () => stores,
);
nginxCases(() => rig);
serverCases(() => rig);
storeCases(() => rig);
costCases(() => rig);
