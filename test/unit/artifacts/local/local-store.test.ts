import { afterAll } from 'vitest';
import { artifactStoreConformance } from '../../../conformance/artifact-store/suite.ts';
import { localBed, scratch } from './local-bed.ts';

const base = await scratch();
afterAll(base.remove);

artifactStoreConformance(localBed(base.path));
