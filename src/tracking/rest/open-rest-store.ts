import type { TrackingStore } from '../store.ts';
import { createRestClient } from './client.ts';
import { restExperiments } from './experiments.ts';
import { restLoggedModels } from './logged-models.ts';
import type { RestOptions } from './options.ts';
import { restRegistry } from './registry.ts';
import { restRuns } from './runs.ts';
import { restServerArtifacts } from './server-artifacts.ts';
import { restTraces } from './traces.ts';

/**
 * The records of an MLflow tracking server, 2.9 or later, over its REST API. No request is made before one is needed;
 * what an old server lacks raises `unsupported`. `close` leaves `options.net` open: it belongs to the caller.
 * @throws Failure misconfigured (the URI), unsupported (an authentication plugin)
 */
export function openRestStore(options: RestOptions): TrackingStore {
  const client = createRestClient(options);
  return {
    label: client.label,
    reach: 'network',
    experiments: restExperiments(client),
    runs: restRuns(client),
    loggedModels: restLoggedModels(client),
    registry: restRegistry(client),
    traces: restTraces(client),
    serverArtifacts: restServerArtifacts(client),
    close: () => Promise.resolve(),
  };
}
