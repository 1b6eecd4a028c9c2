import { join } from 'node:path';
import { startMlflowServer } from '../../test/testbeds/mlflow.ts';
import { keptIn } from './served.ts';
import type { Site } from './site.ts';

/** A stock `mlflow server` that proxies artifacts and keeps them in a folder; rclone does not speak to it. */
export async function startProxiedSite(): Promise<Site> {
  const server = await startMlflowServer();
  return {
    env: { MLFLOW_TRACKING_URI: server.url },
    location: 'mlflow-artifacts:/bench',
    rcloneFlags: () => [],
    stock: true,
    ...keptIn(join(server.dir, 'artifacts', 'bench')),
    stop: () => server.stop(),
  };
}
