import { afterAll, beforeAll } from 'vitest';
import type { FtpBackend } from '../../../src/artifacts/stores/ftp/backend.ts';
import { startPyftpd, type FtpBed } from '../../testbeds/ftp.ts';
import { connectTo, ftpConformanceBed } from '../../testbeds/ftp-store.ts';
import { artifactStoreConformance } from './suite.ts';

const CONNECTIONS = 4;
let bed: FtpBed;
let backend: FtpBackend;

beforeAll(async () => {
  bed = await startPyftpd({ tls: true });
  backend = connectTo(bed, { connections: CONNECTIONS });
});
afterAll(async () => {
  await backend.close();
  await bed.stop();
});

artifactStoreConformance(
  ftpConformanceBed(
    'FTPS on pyftpdlib',
    () => bed,
    () => backend,
    { connections: CONNECTIONS, links: false },
  ),
);
