import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mlflow, mlstow, rclone, REPOSITORY } from '../bench.ts';
import { race } from '../measure.ts';
import { startS3Site } from '../sites/s3.ts';
import { atSite, createRun, fill } from '../sites/site.ts';
import { makeTree } from '../tree.ts';
import type { Workload } from './workload.ts';

const STOCK_LIST = `${REPOSITORY}for each in repository.list_artifacts(): print(each.path, each.is_dir, each.file_size)`;

/** Listing one large folder: names, kinds and sizes. */
export const list: Workload = {
  what: '100,000 files in one folder on S3',
  run: async (bench) =>
    atSite(startS3Site(bench), async (site) => {
      const files = Math.max(2, Math.round(100_000 * bench.scale));
      const folder = join(bench.scratch, 'source');
      await makeTree(folder, files, 1, files);
      const { runId, path, uri } = await createRun(bench, site);
      await fill(bench, site, folder, path);
      await rm(folder, { recursive: true });
      const all = [mlstow(bench, ['artifacts', 'list', '-r', runId], site.env)];
      const remote = site.remote?.(path) ?? '';
      const plain = ['--no-modtime', '--no-mimetype'];
      if (bench.against.includes('rclone'))
        all.push(await rclone(bench, ['lsjson', ...plain, remote], site.env));
      if (bench.against.includes('mlflow')) all.push(await mlflow(bench, STOCK_LIST, [uri], site.env));
      return [{ workload: 'list', costs: await race(all, bench.rounds) }];
    }),
};
