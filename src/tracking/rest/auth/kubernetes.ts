import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../../core/failure.ts';

const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * A file of the pod's service account, read anew each time because Kubernetes rotates it. MLflow falls back to a
 * kubeconfig; that is not supported.
 * @throws Failure unsupported
 */
export async function serviceAccount(name: 'token' | 'namespace', dir?: string): Promise<string> {
  const path = join(dir ?? SERVICE_ACCOUNT_DIR, name);
  let cause: unknown;
  try {
    const text = (await readFile(path, 'utf8')).trim();
    if (text !== '') return text;
  } catch (thrown) {
    cause = thrown;
  }
  throw new Failure(
    {
      kind: 'unsupported',
      message: `MLFLOW_TRACKING_AUTH=kubernetes needs ${path}, which cannot be read; a kubeconfig is not used`,
      subject: 'MLFLOW_TRACKING_AUTH',
      hint: 'run in a pod with a service account, or set MLFLOW_TRACKING_TOKEN',
    },
    cause,
  );
}
