import { resolve } from 'node:path';
import { STORES } from '../../artifacts/registry.ts';
import type { Backend, StoresOptions } from '../backend.ts';

/** Folders of this machine, mounts included; relative ones count from the working directory. */
export async function connectLocalStore({ cwd }: StoresOptions): Promise<Backend> {
  const { openLocalStore } = await STORES.local.load();
  return { at: ({ path }) => openLocalStore(resolve(cwd, path)), close: async () => undefined };
}
