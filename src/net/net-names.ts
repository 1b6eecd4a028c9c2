import type { NetNames, NetOptions } from './net.ts';

const SHARED_NAMES: NetNames = {
  caFile: 'MLFLOW_TRACKING_SERVER_CERT_PATH',
  verifyTls: 'MLFLOW_TRACKING_INSECURE_TLS',
  timeout: 'MLFLOW_HTTP_REQUEST_TIMEOUT',
};
const TRACKING_NAMES: NetNames = { ...SHARED_NAMES, clientCertFile: 'MLFLOW_TRACKING_CLIENT_CERT_PATH' };

/** What hints call the settings of a Net. Whoever names its own has a client certificate only when it names that too. */
export function netNames({ names }: NetOptions): NetNames {
  if (names === undefined) return TRACKING_NAMES;
  return { ...SHARED_NAMES, ...names };
}
