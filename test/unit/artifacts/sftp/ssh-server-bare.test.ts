import { afterAll } from 'vitest';
import { artifactStoreConformance } from '../../../conformance/artifact-store/suite.ts';
import { connectTo, sftpLocation } from '../../../testbeds/sftp-store.ts';
import { sshConformanceBed } from '../../../testbeds/ssh-server/ssh-conformance-bed.ts';
import { startSshServer } from '../../../testbeds/ssh-server/ssh-server.ts';

const sessions = 2;
const server = await startSshServer({ extensions: false });
const backend = connectTo(server, { sessions });
afterAll(async () => {
  await backend.close();
  await server.stop();
});
// Until a server was talked to, the store does not promise to replace in one step.
await backend.at(sftpLocation(server, '/')).facts({ signal: new AbortController().signal });

artifactStoreConformance({
  ...sshConformanceBed('SFTP on a server of our own without extensions', server, backend, {
    sessions,
    publish: 'gap',
  }),
  fill: async (root, names) => server.folder.fill(root, names),
});
