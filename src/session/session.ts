import type { Config } from '../config/resolve.ts';
import type { Clock } from '../core/clock.ts';
import type { Io, TraceValue } from '../core/io.ts';
import type { TrackingStore } from '../tracking/store.ts';
import type { Resolver } from '../resolver/resolver.ts';
import type { SharedRule } from '../resolver/shared-rule.ts';
import type { Stores } from './open-stores.ts';
import type { Server } from './server.ts';

/** What the process was started with: the only way in to the outside world. */
export interface World {
  /** In a session with what `--env-file` added. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly clock: Clock;
  /** Gives these variables to libraries and started programs, which read the process's own; what is set already stays. */
  adopt(env: World['env']): void;
  /** Starts this program once more, on its own: nobody waits for it or hears it. */
  inBackground(args: readonly string[]): Promise<void>;
}

/** What opening the tracking store may do: read only, write, or create the embedded default where there is none. */
export type Intent = 'read' | 'write' | 'create';

/** One command's run: settings, the tracking store and artifact stores opened on demand, and how to stop. */
export interface Session {
  readonly world: World;
  readonly config: Config;
  readonly io: Io;
  /** Whether stdout must stay bare (`-q`) and progress silent. */
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly mode: 'text' | 'json' | 'jsonl';
  /** Whether bars and spinners may be drawn on stderr. */
  readonly bars: boolean;
  /** How many files move at once. */
  readonly workers: number;
  /** The exit code of the signal that stops the command, once one came: it beats that of every failure. */
  stopCode(): number | undefined;
  /** One line on stderr, for people. */
  notify(message: string): void;
  /** The same with what a program needs of it, told with `--log-format json`. */
  event(event: string, message: string, fields: Readonly<Record<string, TraceValue>>): void;
  /** A warning on stderr; the same sentence is told once. */
  warn(message: string): void;
  tracking(intent: Intent): Promise<TrackingStore>;
  stores(): Promise<Stores>;
  resolver(intent: Intent): Promise<Resolver>;
  /** The tracking URI in force, set or not. */
  trackingUri(): Promise<string>;
  /** The tracking server's connections and credentials; of use only where the tracking URI names a server. */
  server(): Promise<Server>;
  /** What decides where artifacts may go. */
  sharedRule(): Promise<SharedRule>;
  /** The same settings with stores of its own, which also stop when `io` aborts. Closing it is the caller's job. */
  limited(io: Io): Session;
  /** The same command on other settings: it opens everything anew. Closing it is the caller's job. */
  withConfig(config: Config): Session;
  /** Closes what was opened. */
  close(): Promise<void>;
}
