import { afterAll, beforeAll } from 'vitest';
import { nginxCases } from './nginx-cases.ts';
import { startRig, type Rig } from './rig.ts';
import { serverCases } from './server-cases.ts';
import { storeCases } from './store-cases.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

nginxCases(() => rig);
serverCases(() => rig);
storeCases(() => rig);
