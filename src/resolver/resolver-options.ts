import type { TrackingStore } from '../tracking/store.ts';
import type { PhysicalOptions } from './physical.ts';

/** What the resolver needs of the settings and of the tracking store. */
export interface ResolverOptions extends PhysicalOptions {
  /** Opened only for targets that need it. */
  readonly tracking: () => Promise<TrackingStore>;
  /** MLFLOW_ARTIFACT_URI: this process's artifact root, and who set it. */
  readonly artifactRoot?: { readonly uri: string; readonly origin: string };
  readonly warn: (message: string) => void;
}
