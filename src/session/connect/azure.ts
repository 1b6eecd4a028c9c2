import { STORES } from '../../artifacts/registry.ts';
import type { AzureBackend, AzureOptions } from '../../artifacts/stores/azure/backend.ts';
import type { Config } from '../../config/resolve.ts';
import { createNet } from '../../net/create-net.ts';
import type { NetOptions } from '../../net/net.ts';
import { trackingNet } from '../net-options.ts';
import type { StoresOptions } from '../backend.ts';

const SOCKETS = 64;

type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** The same object without the fields that hold nothing. */
function present<T>(fields: Optional<T>): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** The settings of Azure as its store takes them. @throws Failure misconfigured for a malformed value */
function azureOptions(config: Config): Omit<AzureOptions, 'net' | 'loginNet' | 'maxSockets' | 'warn'> {
  return present({
    connectionString: config.get('azure.connectionString'),
    accessKey: config.get('azure.accessKey'),
    sasToken: config.get('azure.sasToken'),
    tenantId: config.get('azure.tenantId'),
    clientId: config.get('azure.clientId'),
    clientSecret: config.get('azure.clientSecret'),
    clientCertificatePath: config.get('azure.clientCertificatePath'),
    federatedTokenFile: config.get('azure.federatedTokenFile'),
    authorityHost: config.get('azure.authorityHost'),
    blobEndpoint: config.get('azure.blobEndpoint'),
  });
}

/**
 * How storage accounts are reached: with the tracking server's TLS trust, as MLflow, but never its client certificate.
 * @throws Failure misconfigured when that trust contradicts itself
 */
export function azureNet(config: Config): NetOptions {
  const { caFile, verifyTls, connectMs, httpProxy, httpsProxy, noProxy } = trackingNet(config);
  const idleMs = config.get('artifacts.timeout') ?? config.get('azure.timeout');
  return {
    verifyTls,
    connectMs,
    ...present({ caFile, httpProxy, httpsProxy, noProxy }),
    ...(Number.isFinite(idleMs) ? { idleMs } : {}),
    maxSockets: SOCKETS,
    names: { timeout: 'MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT' },
  };
}

/** How Entra ID and managed identities are reached: with the trust of all other connections. */
function azureLoginNet(config: Config): NetOptions {
  const { httpProxy, httpsProxy, noProxy, connectMs, idleMs } = trackingNet(config);
  const caFile = config.get('net.caFile');
  return {
    connectMs,
    verifyTls: true,
    maxSockets: 4,
    ...(idleMs === undefined ? {} : { idleMs }),
    ...present({ httpProxy, httpsProxy, noProxy, caFile }),
    names: { caFile: 'SSL_CERT_FILE' },
  };
}

/** Azure as the settings say. @throws Failure misconfigured */
export async function connectAzureStore({ config, warn }: StoresOptions): Promise<AzureBackend> {
  const connectAzure = await STORES.azure.load();
  return connectAzure({
    ...azureOptions(config),
    maxSockets: SOCKETS,
    net: createNet(azureNet(config)),
    loginNet: () => createNet(azureLoginNet(config)),
    warn,
  });
}
