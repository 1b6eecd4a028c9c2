import { isAbsolute } from 'node:path';
import { describeOrigin } from '../../config/origin.ts';
import { Failure } from '../../core/failure.ts';
import { parseLocation, type Location } from '../../core/location.ts';
import { redactUri } from '../../core/redact.ts';
import type { Physical } from '../../gc/references.ts';
import { absoluteLocation, resolvePhysical, type PhysicalOptions } from '../../resolver/physical.ts';
import type { TrackingStore } from '../../tracking/store.ts';
import { openTracking, trackingUriOf } from '../open-tracking.ts';
import type { Session } from '../session.ts';
import { withRegistry, type Records } from './with-registry.ts';

/** The place of records itself; a server in front of it is no way to it. */
async function backendUri({ config, world }: Session): Promise<string> {
  const uri = config.get('server.backendStoreUri') ?? (await trackingUriOf(config, world.cwd));
  if (!/^https?:/i.test(uri)) return uri;
  throw new Failure({
    kind: 'misconfigured',
    message: `gc works on the database itself, and ${redactUri(uri)} is a server in front of it`,
    hint: 'give the database with --backend-store-uri, the same that the server was started with',
    subject: 'server.backendStoreUri',
    settings: ['server.backendStoreUri', 'tracking.uri'],
  });
}

/** Opens the database or the file store, or another one; nothing is made or migrated. @throws Failure misconfigured, not-found, … */
export async function openRecords(session: Session, other?: string): Promise<Records> {
  const { config, world, io } = session;
  const uri = other ?? (await backendUri(session));
  const log = {
    notify: (message: string) => session.notify(message),
    warn: (message: string) => session.warn(message),
    event: (...told: Parameters<Session['event']>) => session.event(...told),
    trace: (...told: Parameters<NonNullable<typeof io.trace>>) => io.trace?.(...told),
  };
  const server = async (): Promise<never> => Promise.reject(new Error('gc opens no server'));
  const open = (from: string): Promise<TrackingStore> =>
    openTracking({ uri: from, intent: 'read', config, world, log, io, server });
  const store = await open(uri);
  const { collect: records } = store;
  const close = (): Promise<void> => store.close();
  if (records) {
    try {
      return other === undefined ? await withRegistry({ records, close }, open, session) : { records, close };
    } catch (thrown) {
      await close();
      throw thrown;
    }
  }
  await store.close();
  throw new Failure({
    kind: 'unsupported',
    message: `gc cannot reach the rows of ${store.label}`,
    hint: 'give the database with --backend-store-uri',
    subject: 'server.backendStoreUri',
  });
}

function relative(location: Location): Failure {
  return new Failure({
    kind: 'misconfigured',
    message: `${location.redacted} is a relative location: it means another place in every working directory`,
    hint: 'say with --artifact-base where relative locations start: the directory in which the server was started',
    subject: location.redacted,
  });
}

/** Where recorded URIs lead, by the settings; `mlflow-artifacts:` to the artifacts destination if one is given. */
export function physicalOf({ config, world }: Session, artifactBase: string | undefined): Physical {
  const destination = config.resolved('artifacts.destination');
  const options: PhysicalOptions = {
    trackingUri: config.get('tracking.uri') ?? '',
    cwd: world.cwd,
    ...(destination.value === undefined
      ? {}
      : { artifactsDestination: { uri: destination.value, origin: describeOrigin(destination.origin) } }),
  };
  return async (uri) => {
    const location = parseLocation(uri);
    if (location.scheme === 'file' && !isAbsolute(location.path)) {
      if (artifactBase === undefined) throw relative(location);
      return absoluteLocation(location, artifactBase);
    }
    const direct = options.artifactsDestination && location.authority === '';
    const found = await resolvePhysical(location, direct ? { ...options, trackingUri: '' } : options);
    return found.location;
  };
}

/** The artifact root that a person typed; a relative path counts from the working directory. */
export async function typedRoot(session: Session, text: string): Promise<Location> {
  const location = absoluteLocation(parseLocation(text), session.world.cwd);
  if (location.scheme === 'runs' || location.scheme === 'models')
    throw new Failure({
      kind: 'usage',
      message: `${location.redacted} is no artifact root`,
      hint: 'give the root that experiments are placed below, such as s3://bucket/path',
      subject: '--root',
    });
  return location.scheme === 'file' ? location : physicalOf(session, undefined)(text);
}
