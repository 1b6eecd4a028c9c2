import type { Check } from '../../check.ts';
import { fail } from '../../finding.ts';
import { problemOf } from '../../settings/given.ts';

const STEP = 256 * 1024;
const USUAL = 100 * 1024 * 1024;
const KEYS = [
  { key: 'gcs.uploadChunkSize', variable: 'MLFLOW_GCS_UPLOAD_CHUNK_SIZE' },
  { key: 'gcs.downloadChunkSize', variable: 'MLFLOW_GCS_DOWNLOAD_CHUNK_SIZE' },
] as const;

/** The nearest size that Google takes; its usual one for what is no number. */
function nearest(text: string | undefined): number {
  const asked = Number(text);
  return Number.isFinite(asked) ? Math.max(1, Math.round(asked / STEP)) * STEP : USUAL;
}

export const gcsChunkSize: Check = {
  id: 'D38',
  name: 'gcs-chunk-size',
  area: 'configuration',
  title: 'Chunks for Google Cloud Storage have a size that it takes',
  explain:
    "Google Cloud Storage takes an upload in chunks of a multiple of 256 KiB (262144 bytes), and Google's client refuses any other size at the first large file: MLFLOW_GCS_UPLOAD_CHUNK_SIZE and MLFLOW_GCS_DOWNLOAD_CHUNK_SIZE.",
  network: false,
  needs: [],
  run({ config, env }) {
    return KEYS.flatMap(({ key, variable }) => {
      const problem = problemOf(config, key);
      if (!problem) return [];
      const size = nearest(env[variable]);
      return [fail(problem.message, `set ${variable}=${size}, ${size / STEP} times 262144`, variable)];
    });
  },
};
