import type { Check } from '../../check.ts';
import { presignedHost } from './end-to-end/presigned-host.ts';
import { roundTrip } from './end-to-end/round-trip.ts';
import { uploadLimit } from './end-to-end/upload-limit.ts';
import { uploadTime } from './end-to-end/upload-time.ts';
import { oldRoot } from './records/old-root.ts';
import { recordsReadable } from './records/records-readable.ts';
import { sharedLocation } from './records/shared-location.ts';
import { artifactService } from './server/artifact-service.ts';
import { directRoots } from './server/direct-roots.ts';
import { hostHeader } from './server/host-header.ts';
import { openServer } from './server/open-server.ts';
import { serverCertificate } from './server/server-certificate.ts';
import { serverClock } from './server/server-clock.ts';
import { serverLogin } from './server/server-login.ts';
import { serverReachable } from './server/server-reachable.ts';
import { ftpDialogue } from './stores/ftp-dialogue.ts';
import { hiddenCost } from './stores/hidden-cost.ts';
import { sshHostKeys } from './stores/ssh-host-keys.ts';
import { storeCertificate } from './stores/store-certificate.ts';
import { storeCredentials } from './stores/store-credentials.ts';
import { storeReachable } from './stores/store-reachable.ts';
import { storeRegion } from './stores/store-region.ts';
import { storeSpeed } from './stores/store-speed.ts';
import { storeVerbs } from './stores/store-verbs.ts';

/** Those that talk to the tracking server and the stores; each stands behind those that it needs. */
export const liveChecks: readonly Check[] = [
  serverCertificate,
  serverReachable,
  hostHeader,
  serverLogin,
  openServer,
  serverClock,
  artifactService,
  directRoots,
  recordsReadable,
  sharedLocation,
  oldRoot,
  storeReachable,
  storeCertificate,
  sshHostKeys,
  ftpDialogue,
  storeCredentials,
  storeRegion,
  storeVerbs,
  hiddenCost,
  storeSpeed,
  roundTrip,
  uploadLimit,
  uploadTime,
  presignedHost,
];
