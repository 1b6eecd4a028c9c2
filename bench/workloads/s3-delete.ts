import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { mlflow, mlstow, rclone, REPOSITORY, type Bench } from '../bench.ts';
import { race, type Contestant } from '../measure.ts';
import { AT_ONCE, startS3Site } from '../sites/s3.ts';
import { atSite, createRun, fill, type RunAt, type Site } from '../sites/site.ts';
import { makeTree } from '../tree.ts';
import type { Workload } from './workload.ts';

/** Bundles the script that removes by our store's own members. @returns its file */
async function bundledRemoval(bench: Bench): Promise<string> {
  const file = join(bench.scratch, 'mlstow', 'remove-all.mjs');
  await build({
    input: fileURLToPath(new URL('../remove-all.ts', import.meta.url)),
    platform: 'node',
    external: ['@aws-sdk/credential-providers'],
    resolve: { mainFields: ['module', 'main'] },
    transform: { target: 'node20.19' },
    logLevel: 'warn',
    output: { file, format: 'esm' },
  });
  return file;
}

async function removers(bench: Bench, site: Site, { path, uri }: RunAt): Promise<Contestant[]> {
  const script = await bundledRemoval(bench);
  const all: Contestant[] = [{ ...mlstow(bench, [], site.env), args: [script, uri] }];
  const remote = site.remote?.(path) ?? '';
  const wide = ['--checkers', String(AT_ONCE), '--transfers', String(AT_ONCE)];
  if (bench.against.includes('rclone'))
    all.push(await rclone(bench, ['delete', '--fast-list', ...wide, remote], site.env));
  if (bench.against.includes('mlflow'))
    all.push(await mlflow(bench, `${REPOSITORY}repository.delete_artifacts()`, [uri], site.env));
  return all;
}

async function mustBeEmpty(site: Site, path: string): Promise<void> {
  const { files } = await site.holds(path);
  if (files > 0) throw new Error(`s3-delete: ${files} files are left`);
}

/** What removing costs: mlstow has no command for it yet, so the members of its store stand for it. */
export const s3Delete: Workload = {
  what: '10,000 objects from S3, by members of mlstow’s store: it has no command that deletes yet',
  run: async (bench) =>
    atSite(startS3Site(bench), async (site) => {
      const folder = join(bench.scratch, 'source');
      await makeTree(folder, Math.max(2, Math.round(10_000 * bench.scale)), 64);
      const run = await createRun(bench, site);
      const contestants = (await removers(bench, site, run)).map((each) => ({
        ...each,
        before: async () => fill(bench, site, folder, run.path),
        after: async () => mustBeEmpty(site, run.path),
      }));
      const costs = await race(contestants, bench.rounds);
      await rm(folder, { recursive: true });
      return [{ workload: 's3-delete', costs }];
    }),
};
