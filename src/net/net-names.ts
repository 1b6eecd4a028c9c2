import type { NetNames, NetOptions } from './net.ts';

const TRACKING_NAMES: NetNames = {
  caFile: 'MLFLOW_TRACKING_SERVER_CERT_PATH',
  verifyTls: 'MLFLOW_TRACKING_INSECURE_TLS',
  clientCertFile: 'MLFLOW_TRACKING_CLIENT_CERT_PATH',
  timeout: 'MLFLOW_HTTP_REQUEST_TIMEOUT',
};

/** What hints call the settings of a Net. */
export function netNames(options: NetOptions): NetNames {
  return { ...TRACKING_NAMES, ...options.names };
}
