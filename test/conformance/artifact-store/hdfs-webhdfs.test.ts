import { dirname } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { startHdfs, type HdfsBed } from '../../testbeds/hdfs.ts';
import { HDFS_TRAITS, hdfsStoreAt, makeHome, namesBelow } from '../../testbeds/hdfs-store.ts';
import { artifactStoreConformance } from './suite.ts';

const HOME = '/conformance';
let bed: HdfsBed;

beforeAll(async () => {
  bed = await startHdfs();
  await makeHome(bed, HOME);
});
afterAll(async () => bed.stop());

artifactStoreConformance({
  name: 'WebHDFS',
  traits: HDFS_TRAITS,
  versions: 'weak',
  members: ['makeDirectory'],
  open: async (root) => hdfsStoreAt(bed, `${HOME}/${root}`),
  plant: async (root, name, bytes) => {
    await bed.call('PUT', `${HOME}/${root}/${name}`, 'op=CREATE', bytes);
  },
  hiddenNames: ['.artifact.uploading.mlstow-0123456789abcdef', '.artifact.uploading.model', 'data._COPYING_'],
  refusedName: 'run:1/model',
  deny: async (root, path, act) => {
    const parent = dirname(`${HOME}/${root}/${path}`);
    await bed.call('PUT', parent, 'op=SETPERMISSION&permission=000');
    await act();
    await bed.call('PUT', parent, 'op=SETPERMISSION&permission=755');
  },
  leftovers: async (root) => namesBelow(bed, `${HOME}/${root}`),
});
