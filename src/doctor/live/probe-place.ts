import type { ArtifactStore } from '../../artifacts/store.ts';
import type { Io } from '../../core/io.ts';
import type { Location } from '../../core/location.ts';
import type { Context } from '../context.ts';

/** Where the artifacts of the run that probes may be written to are. */
export interface ProbePlace {
  readonly runId: string;
  readonly location: Location;
  readonly store: ArtifactStore;
  /** Whether the tracking server, or another one, proxies them. */
  readonly proxied: boolean;
}

/** The place that a client would write that run's artifacts to. @throws Failure as resolving and opening it does */
export async function probePlace(context: Context, io: Io): Promise<ProbePlace> {
  const { runId, artifactUri } = await context.probeRun();
  const { places } = await (await context.resolver()).uri(artifactUri, io);
  const { location } = places[0];
  const opener = await context.stores();
  return {
    runId,
    location,
    store: await opener.at(location),
    proxied: opener.systemOf(location) === 'proxy',
  };
}
