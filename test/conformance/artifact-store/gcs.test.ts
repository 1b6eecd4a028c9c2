import { afterAll, beforeAll } from 'vitest';
import { gcsStoreAt, startFakeGcs, type FakeGcs } from '../../testbeds/fake-gcs.ts';
import { artifactStoreConformance } from './suite.ts';

const BUCKET = 'conformance';
let bed: FakeGcs;

beforeAll(async () => {
  bed = await startFakeGcs();
  await bed.createBucket(BUCKET);
});
afterAll(async () => bed.stop());

artifactStoreConformance({
  name: 'Google Cloud Storage on fake-gcs-server',
  traits: {
    ranges: 'any',
    publish: 'replace',
    ifAbsent: 'atomic',
    directories: 'virtual',
    order: 'path',
    modified: 'listed',
    stat: 'request',
    unknownLength: 'multipart',
    maxWriteBytes: 5 * 1024 ** 4,
    removeBatch: 100,
    connections: 16,
    proofs: ['crc32c'],
  },
  versions: 'strong',
  members: ['multipart', 'attach', 'confirmed'],
  // It ends a session that is asked what it has.
  unproven: ['attach', 'confirmed'],
  open: async (root) => gcsStoreAt(bed.endpoint, BUCKET, root),
  openMissing: async () => gcsStoreAt(bed.endpoint, 'no-such-bucket', 'root'),
  plant: async (root, name, bytes) => {
    await bed.client.bucket(BUCKET).file(`${root}/${name}`).save(Buffer.from(bytes), { resumable: false });
  },
  hiddenNames: [],
  refusedName: 'n'.repeat(1024),
  leftovers: async (root) => {
    const [files] = await bed.client.bucket(BUCKET).getFiles({ prefix: `${root}/` });
    return files.map(({ name }) => name.slice(root.length + 1));
  },
});
