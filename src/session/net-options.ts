import type { Config } from '../config/resolve.ts';
import { Failure } from '../core/failure.ts';
import type { NetNames, NetOptions } from '../net/net.ts';

/** What every connection of this process has in common. */
export function common(
  config: Config,
): Pick<NetOptions, 'httpProxy' | 'httpsProxy' | 'noProxy' | 'connectMs'> {
  const httpProxy = config.get('net.httpProxy');
  const httpsProxy = config.get('net.httpsProxy');
  const noProxy = config.get('net.noProxy');
  return {
    ...(httpProxy === undefined ? {} : { httpProxy }),
    ...(httpsProxy === undefined ? {} : { httpsProxy }),
    ...(noProxy === undefined ? {} : { noProxy }),
    connectMs: config.get('http.timeout'),
  };
}

const S3_NAMES: Partial<NetNames> = {
  caFile: 'AWS_CA_BUNDLE',
  verifyTls: 'MLFLOW_S3_IGNORE_TLS',
  timeout: 'MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT',
};
/** Authorities that were given for every host at once. */
const SHARED_TRUST: Partial<NetNames> = { caFile: '--ca-file' };
const TRACKING_SHARED_TRUST: Partial<NetNames> = {
  ...SHARED_TRUST,
  clientCertFile: 'MLFLOW_TRACKING_CLIENT_CERT_PATH',
};

/**
 * How the tracking server is reached.
 * @throws Failure misconfigured when verification is switched off and a certificate authority is given as well
 */
export function trackingNet(config: Config): NetOptions {
  const insecure = config.get('tracking.insecureTls');
  const own = config.get('tracking.serverCertPath');
  if (insecure && own !== undefined) {
    throw new Failure({
      kind: 'misconfigured',
      message:
        'MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH are both set and exclude each other',
      hint: "unset MLFLOW_TRACKING_INSECURE_TLS to keep checking the server's certificate",
      subject: 'tracking.insecureTls',
      settings: ['tracking.insecureTls', 'tracking.serverCertPath'],
    });
  }
  const shared = config.get('net.caFile');
  const caFile = own ?? shared;
  const clientCertFile = config.get('tracking.clientCertPath');
  return {
    ...common(config),
    ...(caFile === undefined ? {} : { caFile }),
    ...(clientCertFile === undefined ? {} : { clientCertFile }),
    ...(own === undefined && shared !== undefined ? { names: TRACKING_SHARED_TRUST } : {}),
    verifyTls: !insecure,
    idleMs: config.get('http.timeout'),
    maxSockets: Math.max(config.get('http.poolMaxsize'), config.get('artifacts.workers') ?? 0),
  };
}

/**
 * How S3 is reached.
 * @throws Failure misconfigured when MLFLOW_S3_IGNORE_TLS and AWS_CA_BUNDLE are both set
 */
export function s3Net(config: Config, maxSockets: number): NetOptions {
  const insecure = config.get('s3.ignoreTls');
  const bundle = config.get('s3.caBundle');
  if (insecure && bundle !== undefined) {
    throw new Failure({
      kind: 'misconfigured',
      message: 'MLFLOW_S3_IGNORE_TLS and AWS_CA_BUNDLE are both set and exclude each other',
      hint: 'unset MLFLOW_S3_IGNORE_TLS to keep checking certificates against the bundle',
      subject: 's3.ignoreTls',
      settings: ['s3.ignoreTls', 's3.caBundle'],
    });
  }
  const shared = config.get('net.caFile');
  const caFile = bundle ?? shared;
  const idleMs = config.get('artifacts.timeout') ?? config.get('http.timeout');
  return {
    ...common(config),
    ...(caFile === undefined ? {} : { caFile }),
    names: { ...S3_NAMES, ...(bundle === undefined && shared !== undefined ? SHARED_TRUST : {}) },
    verifyTls: !insecure,
    ...(Number.isFinite(idleMs) ? { idleMs } : {}),
    maxSockets,
  };
}
