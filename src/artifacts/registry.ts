import { Failure } from '../core/failure.ts';
import type { Location } from '../core/location.ts';
import { azureManifest as azure } from './stores/azure/manifest.ts';
import { ftpManifest as ftp } from './stores/ftp/manifest.ts';
import { gcsManifest as gcs } from './stores/gcs/manifest.ts';
import { hdfsManifest as hdfs } from './stores/hdfs/manifest.ts';
import { manifest as local } from './stores/local/manifest.ts';
import { proxyManifest as proxy } from './stores/proxy/manifest.ts';
import { s3Manifest as s3 } from './stores/s3/manifest.ts';
import { sftpManifest as sftp } from './stores/sftp/manifest.ts';

/** Every kind of store, known by its manifest: nothing is loaded before `load` is called. */
export const STORES = { local, s3, azure, gcs, ftp, sftp, hdfs, proxy } as const;
export type System = keyof typeof STORES;

/** Which system holds a location. @throws Failure unsupported */
export function systemOf(location: Location): System {
  for (const [system, { schemes }] of Object.entries(STORES)) {
    if ((schemes as readonly string[]).includes(location.scheme)) return system as System;
  }
  const known = Object.values(STORES).flatMap(({ schemes }) => [...schemes]);
  throw new Failure({
    kind: 'unsupported',
    message: `${location.redacted} is on a store that mlstow does not open (${location.scheme})`,
    hint: `it opens ${known.join(', ')} and plain paths`,
    subject: location.redacted,
  });
}
