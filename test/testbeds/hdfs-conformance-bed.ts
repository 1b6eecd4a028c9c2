import { dirname } from 'node:path';
import type { HdfsOptions } from '../../src/artifacts/stores/hdfs/backend.ts';
import type { ArtifactStoreBed } from '../conformance/artifact-store/bed.ts';
import type { HdfsBed } from './hdfs.ts';
import { HDFS_TRAITS, hdfsStoreAt, namesBelow } from './hdfs-store.ts';

/** Where conformance roots are; the bed's user owns it. */
export const CONFORMANCE_HOME = '/conformance';

/** The conformance bed of HDFS as `overrides` reaches it; what the cases plant and deny is done at the name node itself. */
export function hdfsConformanceBed(
  name: string,
  bed: () => HdfsBed,
  overrides: () => Partial<HdfsOptions>,
  publish: 'replace' | 'gap',
): ArtifactStoreBed {
  const place = (root: string) => `${CONFORMANCE_HOME}/${root}`;
  return {
    name,
    traits: { ...HDFS_TRAITS, publish },
    versions: 'weak',
    members: ['makeDirectory', 'incomplete'],
    open: async (root) => hdfsStoreAt(bed(), place(root), overrides()),
    plant: async (root, key, bytes) => {
      await bed().call('PUT', `${place(root)}/${key}`, 'op=CREATE', bytes);
    },
    hiddenNames: [
      '.artifact.uploading.mlstow-0123456789abcdef',
      '.artifact.uploading.model',
      'data._COPYING_',
    ],
    refusedName: 'run:1/model',
    deny: async (root, path, act) => {
      const parent = dirname(`${place(root)}/${path}`);
      await bed().call('PUT', parent, 'op=SETPERMISSION&permission=000');
      await act();
      await bed().call('PUT', parent, 'op=SETPERMISSION&permission=755');
    },
    leftovers: async (root) => namesBelow(bed(), place(root)),
  };
}
