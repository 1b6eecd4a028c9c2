import { chmod, readdir, symlink, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { connectFtp, type FtpBackend, type FtpOptions } from '../../src/artifacts/stores/ftp/backend.ts';
import { ftpTraits } from '../../src/artifacts/stores/ftp/store.ts';
import type { ArtifactStore } from '../../src/artifacts/store.ts';
import { systemClock } from '../../src/core/clock.ts';
import { parseLocation } from '../../src/core/location.ts';
import { readTrust } from '../../src/net/tls-trust.ts';
import type { ArtifactStoreBed } from '../conformance/artifact-store/bed.ts';
import type { FtpBed } from './ftp.ts';

/** The URI of a directory on a server; user and password as stock MLflow writes them. */
export function ftpUri({ user, password, port, path: served }: FtpBed, path: string): string {
  const login = password === '' ? user : `${user}:${encodeURIComponent(password)}`;
  return `ftp://${login}@127.0.0.1:${port}${served}/${path}`;
}

/** Connections to a bed; closed by whoever asked for them. */
export function connectTo(bed: FtpBed, options: Partial<FtpOptions> = {}): FtpBackend {
  return connectFtp({
    tls: bed.caFile === undefined ? 'off' : 'explicit',
    trust: readTrust({
      verifyTls: true,
      connectMs: 10_000,
      maxSockets: 4,
      ...(bed.caFile === undefined ? {} : { caFile: bed.caFile }),
    }),
    connections: 4,
    connectMs: 20_000,
    idleMs: 60_000,
    clock: systemClock,
    ...options,
  });
}

/** A store at a path of a bed. */
export function storeIn(backend: FtpBackend, bed: FtpBed, path: string): ArtifactStore {
  return backend.at(parseLocation(ftpUri(bed, path)));
}

/** Makes a directory that belongs to whom the server's root belongs, and so to the server. */
async function place(bed: FtpBed, root: string, name: string): Promise<string> {
  const file = join(bed.root, root, name);
  await mkdir(dirname(file), { recursive: true });
  return file;
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** What the cases need of a server whose files are on this machine. `links`: whether it tells links from what they lead to. */
export function ftpConformanceBed(
  name: string,
  bed: () => FtpBed,
  backend: () => FtpBackend,
  { connections, links }: { readonly connections: number; readonly links: boolean },
): ArtifactStoreBed {
  return {
    name,
    traits: ftpTraits(connections),
    members: ['makeDirectory', 'incomplete'],
    versions: 'none',
    open: async (root) => storeIn(backend(), bed(), root),
    deny: async (root, path, act) => {
      const folder = dirname(join(bed().root, root, path));
      await chmod(folder, 0);
      await act().finally(async () => chmod(folder, 0o755));
    },
    plant: async (root, key, bytes) => writeFile(await place(bed(), root, key), bytes),
    hiddenNames: ['.artifact.uploading.mlstow-0123456789abcdef', '.artifact.uploading.1'],
    refusedName: 'blank /name',
    ...(links ? { link: async (root, path, target) => symlink(target, await place(bed(), root, path)) } : {}),
    leftovers: async (root) => namesIn(join(bed().root, root)),
  };
}
