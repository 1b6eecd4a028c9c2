import { afterAll, beforeAll } from 'vitest';
import type { FtpBackend } from '../../../src/artifacts/stores/ftp/backend.ts';
import { startVsftpd, type FtpBed } from '../../testbeds/ftp.ts';
import { connectTo, ftpConformanceBed } from '../../testbeds/ftp-store.ts';
import { artifactStoreConformance } from './suite.ts';

const CONNECTIONS = 2;
let bed: FtpBed;
let backend: FtpBackend;

beforeAll(async () => {
  bed = await startVsftpd({ tls: true, maxPerIp: CONNECTIONS });
  backend = connectTo(bed, { connections: CONNECTIONS });
});
afterAll(async () => {
  await backend.close();
  await bed.stop();
});

artifactStoreConformance(
  ftpConformanceBed(
    'FTPS on vsftpd with a small limit of connections',
    () => bed,
    () => backend,
    { connections: CONNECTIONS, links: true },
  ),
);
