import { posix } from 'node:path';
import { afterAll } from 'vitest';
import { artifactStoreConformance } from '../../../conformance/artifact-store/suite.ts';
import { startFtpServer } from '../../../testbeds/ftp-server/ftp-server.ts';
import { connectTo, ftpConformanceBed } from '../../../testbeds/ftp-store.ts';

const connections = 4;
const server = await startFtpServer({ unknown: ['EPSV', 'MLSD', 'MLST'] });
const backend = connectTo(server, { connections });
afterAll(async () => {
  await backend.close();
  await server.stop();
});

artifactStoreConformance({
  ...ftpConformanceBed(
    'FTP on a server of our own without EPSV and MLSD',
    () => server,
    () => backend,
    { connections, links: true },
  ),
  fill: async (root, names) => server.folder.fill(root, names),
  deny: async (root, path, act) => server.folder.forbid(posix.join(root, posix.dirname(path)), act),
});
