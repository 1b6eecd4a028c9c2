import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { afterAll } from 'vitest';
import { sftpTraits } from '../../../src/artifacts/stores/sftp/store.ts';
import { connectTo, sftpLocation } from '../../testbeds/sftp-store.ts';
import { startSshd } from '../../testbeds/sshd.ts';
import type { ArtifactStoreBed } from './bed.ts';
import { artifactStoreConformance } from './suite.ts';

const SESSIONS = 2;
const sshd = await startSshd();
const backend = connectTo(sshd, { sessions: SESSIONS });
afterAll(async () => {
  await backend.close();
  await sshd.stop();
});

const served = join(sshd.dir, 'served');
await mkdir(served);
await chmod(served, 0o777);
const dir = (root: string) => join(served, root);
// Until a server was talked to, the store does not promise to replace in one step.
await backend.at(sftpLocation(sshd, served)).facts({ signal: new AbortController().signal });

const bed: ArtifactStoreBed = {
  name: 'sftp on OpenSSH',
  traits: sftpTraits(SESSIONS, 'replace'),
  members: ['makeDirectory', 'incomplete'],
  versions: 'none',
  refusedName: 'dir/.artifact.uploading.abc',
  hiddenNames: ['.artifact.uploading.k3j4', '.artifact.uploading.mlstow-0123456789abcdef'],
  open: async (root) => {
    await mkdir(dir(root), { recursive: true });
    await chmod(dir(root), 0o777);
    return backend.at(sftpLocation(sshd, dir(root)));
  },
  openMissing: async () =>
    backend.at(sftpLocation(sshd, join(served, 'unmounted', 'far', 'away', 'from', 'here'))),
  deny: async (root, path, act) => {
    const locked = dirname(join(dir(root), path));
    await chmod(locked, 0);
    try {
      await act();
    } finally {
      await chmod(locked, 0o755);
    }
  },
  link: async (root, path, target) =>
    symlink(isAbsolute(target) ? target : join(dir(root), target), join(dir(root), path)),
  plant: async (root, name, bytes) => {
    const file = join(dir(root), name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  },
  leftovers: async (root) => readdir(dir(root), { recursive: true }),
};

artifactStoreConformance(bed);
