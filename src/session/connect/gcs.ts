import { STORES } from '../../artifacts/registry.ts';
import type { GcsBackend, GcsOptions } from '../../artifacts/stores/gcs/backend.ts';
import type { Config } from '../../config/resolve.ts';
import { createNet } from '../../net/create-net.ts';
import type { NetOptions } from '../../net/net.ts';
import { common } from '../net-options.ts';
import type { StoresOptions } from '../backend.ts';

const SOCKETS = 64;
const EMULATOR = 'STORAGE_EMULATOR_HOST';

/** The settings of Google Cloud Storage as its store takes them. @throws Failure misconfigured for a malformed value */
export function gcsOptions(config: Config): Omit<GcsOptions, 'net' | 'maxSockets'> {
  const { value: apiEndpoint, origin } = config.resolved('gcs.apiEndpoint');
  const credentialsFile = config.get('gcs.credentialsFile');
  const project = config.get('gcs.project');
  return {
    anonymous: config.get('gcs.anonymous') || origin.name === EMULATOR,
    uploadChunkSize: config.get('gcs.uploadChunkSize'),
    downloadChunkSize: config.get('gcs.downloadChunkSize'),
    ...(apiEndpoint === undefined ? {} : { apiEndpoint }),
    ...(credentialsFile === undefined ? {} : { credentialsFile }),
    ...(project === undefined ? {} : { project }),
  };
}

/** How Google is reached; a transfer may be silent for 60 s unless told, as with Google's client. */
export function gcsNet(config: Config): NetOptions {
  const caFile = config.get('net.caFile');
  const idleMs = config.get('artifacts.timeout') ?? config.get('gcs.timeout');
  return {
    ...common(config),
    ...(caFile === undefined ? {} : { caFile }),
    verifyTls: true,
    ...(Number.isFinite(idleMs) ? { idleMs } : {}),
    maxSockets: SOCKETS,
    names: { caFile: '--ca-file', timeout: 'MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT' },
  };
}

/** Google Cloud Storage as the settings say. @throws Failure misconfigured */
export async function connectGcsStore({ config }: StoresOptions): Promise<GcsBackend> {
  const connectGcs = await STORES.gcs.load();
  return connectGcs({ ...gcsOptions(config), maxSockets: SOCKETS, net: createNet(gcsNet(config)) });
}
