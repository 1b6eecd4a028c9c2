import type { ArtifactStore } from '../artifacts/store.ts';
import type { Config } from '../config/resolve.ts';
import type { Clock } from '../core/clock.ts';
import type { Location } from '../core/location.ts';
import type { Server } from './server.ts';

/** What stores are opened with. */
export interface StoresOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly cwd: string;
  /** The user's directory, for `~`. */
  readonly home: string;
  /** The tracking server, whose proxy may hold artifacts. */
  readonly server: () => Promise<Server>;
  /** Tells a person what stops nothing. */
  readonly warn: (message: string) => void;
}

/** Connections and credentials of one system, shared by its stores. */
export interface Backend {
  at(location: Location): ArtifactStore;
  close(): Promise<void>;
}
