import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import { loadConfig, type Config, type ConfigOptions } from '../../../src/config/resolve.ts';

/** A home and a project below one temporary directory; the project is bounded by `.git`. */
export interface Workspace {
  readonly root: string;
  readonly home: string;
  readonly project: string;
  write(path: string, content: string): Promise<string>;
  load(options?: Partial<ConfigOptions>): Promise<Config>;
}

const made: string[] = [];

afterEach(async () => {
  await Promise.all(made.splice(0).map((directory) => rm(directory, { recursive: true, force: true })));
});

export async function makeWorkspace(): Promise<Workspace> {
  const root = await mkdtemp(join(tmpdir(), 'mlstow-config-'));
  made.push(root);
  const home = join(root, 'home');
  const project = join(root, 'project');
  await mkdir(home);
  await mkdir(join(project, '.git'), { recursive: true });
  return {
    root,
    home,
    project,
    async write(path, content) {
      const file = join(root, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      return file;
    },
    load: (options = {}) => loadConfig({ flags: {}, env: {}, cwd: project, home, ...options }),
  };
}

/** What a promise or function fails with. */
export async function failureOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was thrown');
}
