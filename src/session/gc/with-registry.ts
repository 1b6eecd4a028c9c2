import { Failure } from '../../core/failure.ts';
import { redactUri } from '../../core/redact.ts';
import type { Collectable } from '../../tracking/collect.ts';
import type { TrackingStore } from '../../tracking/store.ts';
import type { Session } from '../session.ts';

/** Records, and what has to be closed with them. */
export interface Records {
  readonly records: Collectable;
  readonly close: () => Promise<void>;
}

/** Opens records for reading. */
type OpenStore = (uri: string) => Promise<TrackingStore>;

/** The registry's own place, where a setting gives one that is not the server in front of these records. */
function registryUri({ config }: Session): { readonly uri: string; readonly key: string } | undefined {
  for (const key of ['server.registryStoreUri', 'tracking.registryUri'] as const) {
    const uri = config.get(key);
    if (uri !== undefined && uri !== '' && uri !== config.get('tracking.uri')) return { uri, key };
  }
  return undefined;
}

function unreadable(uri: string, key: string): Failure {
  return new Failure({
    kind: 'refused',
    message: `the model registry is at ${redactUri(uri)}, which gc cannot read: it would not know what model versions need`,
    hint: 'set MLFLOW_REGISTRY_STORE_URI to the database of the registry (the same as --backend-store-uri if it is that)',
    subject: key,
    settings: [key, 'server.registryStoreUri'],
  });
}

/**
 * The records, with what the model versions of a registry in another place need.
 * @throws Failure refused: a registry that cannot be read
 */
export async function withRegistry(
  { records, close }: Records,
  open: OpenStore,
  session: Session,
): Promise<Records> {
  const registry = registryUri(session);
  if (!registry) return { records, close };
  if (/^https?:/i.test(registry.uri)) throw unreadable(registry.uri, registry.key);
  const store = await open(registry.uri);
  const { collect: versions } = store;
  if (!versions || versions.label === records.label) {
    await store.close();
    if (!versions) throw unreadable(registry.uri, registry.key);
    return { records, close };
  }
  return {
    records: {
      ...records,
      references: async function* (locationTag, io) {
        yield* records.references(locationTag, io);
        for await (const page of versions.references(locationTag, io))
          yield page.filter(({ owner }) => owner.kind === 'version');
      },
    },
    close: async () => {
      await store.close();
      await close();
    },
  };
}
