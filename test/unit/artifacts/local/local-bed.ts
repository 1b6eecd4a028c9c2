import { mkdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { LOCAL_TRAITS, openLocalStore } from '../../../../src/artifacts/stores/local/store.ts';
import type { ArtifactStoreBed } from '../../../conformance/artifact-store/bed.ts';

/** The id of a user without rights (nobody), for tests run by root, whom no mode keeps out. */
const NOBODY = 65534;

/** Runs as somebody whom file modes bind. */
export async function asOrdinaryUser(act: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(NOBODY);
  try {
    await act();
  } finally {
    process.seteuid?.(0);
  }
}

/** A new directory that everybody may enter, removed by the function that comes with it. */
export async function scratch(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'local-store-'));
  await chmod(path, 0o777);
  return { path, remove: async () => rm(path, { recursive: true, force: true }) };
}

async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o777);
  for (const each of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (each.isDirectory()) await chmod(join(each.parentPath, each.name), 0o777);
  }
}

/** Local directories below `base` as a bed. */
export function localBed(base: string): ArtifactStoreBed {
  const dir = (root: string) => join(base, root);
  return {
    name: 'local',
    traits: LOCAL_TRAITS,
    members: ['makeDirectory', 'incomplete'],
    versions: 'weak',
    refusedName: `dir/.artifact.uploading.abc`,
    hiddenNames: ['.artifact.uploading.k3j4', '.artifact.uploading.mlstow-0123456789abcdef'],
    open: async (root) => {
      mkdirSync(dir(root), { recursive: true });
      return openLocalStore(dir(root));
    },
    openMissing: async () => openLocalStore(join(base, 'unmounted', 'far', 'away', 'from', 'here')),
    deny: async (root, path, act) => {
      const locked = dirname(join(dir(root), path));
      await openToAll(dir(root));
      await chmod(locked, 0);
      try {
        await asOrdinaryUser(act);
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
}
