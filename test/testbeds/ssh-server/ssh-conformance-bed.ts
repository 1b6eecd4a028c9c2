import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, posix } from 'node:path';
import type { SftpBackend } from '../../../src/artifacts/stores/sftp/backend.ts';
import { sftpTraits } from '../../../src/artifacts/stores/sftp/store.ts';
import type { Traits } from '../../../src/artifacts/store.ts';
import type { ArtifactStoreBed } from '../../conformance/artifact-store/bed.ts';
import { sftpLocation } from '../sftp-store.ts';
import type { SshServer } from './ssh-server.ts';

/** The conformance bed of a server in this process that was talked to already: only then is `publish` known. */
export function sshConformanceBed(
  name: string,
  server: SshServer,
  backend: SftpBackend,
  { sessions, publish }: { readonly sessions: number; readonly publish: Traits['publish'] },
): ArtifactStoreBed {
  const { folder } = server;
  const at = (root: string, path = '') => join(folder.root, root, path);
  return {
    name,
    traits: sftpTraits(sessions, publish),
    members: ['makeDirectory', 'incomplete'],
    versions: 'none',
    refusedName: 'dir/.artifact.uploading.abc',
    hiddenNames: ['.artifact.uploading.k3j4', '.artifact.uploading.mlstow-0123456789abcdef'],
    open: async (root) => {
      await mkdir(at(root), { recursive: true });
      return backend.at(sftpLocation(server, `/${root}`));
    },
    openMissing: async () => backend.at(sftpLocation(server, '/unmounted/far/away/from/here')),
    deny: async (root, path, act) => folder.forbid(posix.join(root, posix.dirname(path)), act),
    link: async (root, path, target) =>
      symlink(isAbsolute(target) ? target : at(root, target), at(root, path)),
    plant: async (root, key, bytes) => {
      await mkdir(dirname(at(root, key)), { recursive: true });
      await writeFile(at(root, key), bytes);
    },
    leftovers: async (root) => readdir(at(root), { recursive: true }),
  };
}
