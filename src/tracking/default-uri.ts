import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** As MLflow, an unreadable folder holds no data. */
async function hasExperiments(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const isFolder = entry.isDirectory() || entry.isSymbolicLink();
    if (isFolder && /^\d+$/.test(entry.name) && (await exists(join(folder, entry.name, 'meta.yaml')))) {
      return true;
    }
  }
  return false;
}

/**
 * The tracking URI when none is set, exactly as MLflow 3.17 chooses it
 * (mlflow/tracking/_tracking_service/utils.py, `_get_default_tracking_uri`): `./mlruns` when it holds experiments of the
 * file store, else the database `mlflow.db`; both absolute and percent-encoded. MLFLOW_TRACKING_DIR has no say in it.
 */
export async function defaultTrackingUri(cwd: string): Promise<string> {
  const folder = join(cwd, 'mlruns');
  if (await hasExperiments(folder)) return pathToFileURL(folder).href;
  return `sqlite:///${pathToFileURL(join(cwd, 'mlflow.db')).pathname}`;
}
