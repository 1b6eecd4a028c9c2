import { hostname, tmpdir } from 'node:os';
import { describeOrigin } from '../config/origin.ts';
import { loadConfig, type Config, type ConfigOptions } from '../config/resolve.ts';
import type { Io, TraceValue } from '../core/io.ts';
import type { Resolver } from '../resolver/resolver.ts';
import type { SharedRule } from '../resolver/shared-rule.ts';
import type { TrackingStore } from '../tracking/store.ts';
import { objections } from './objections.ts';
import { createLog, type Log } from './log.ts';
import type { Stores } from './open-stores.ts';
import type { Intent, Session, World } from './session.ts';

/** How a command was started. */
export interface SessionOptions {
  readonly flags: ConfigOptions['flags'];
  /** Whether `--no-progress` was given. */
  readonly noProgress: boolean;
  readonly signal: AbortSignal;
  readonly stopCode: Session['stopCode'];
  /** Whether the command itself tells of settings that are ignored or deprecated. */
  readonly judgesSettings: boolean;
}

const WORKERS = 32;

/** Reads the settings and prepares everything else to be opened on demand. @throws Failure usage, misconfigured */
export async function createSession(options: SessionOptions, startedIn: World): Promise<Session> {
  const { config, env, envFile } = await readSettings(options, startedIn);
  const world = { ...startedIn, env };
  const quiet = config.get('cli.quiet');
  const verbose = config.get('cli.verbose');
  const json = config.get('cli.logFormat') === 'json';
  const log = createLog(world, { json, quiet, verbose });
  if (envFile !== undefined) log.notify(`Loaded environment variables from: ${envFile}`);
  if (!options.judgesSettings) for (const message of objections(config)) log.warn(message);
  return assemble(
    { world, config, log, noProgress: options.noProgress, stopCode: options.stopCode },
    { signal: options.signal, trace: traceTo(log) },
  );
}

/** What does not change while a command runs. */
interface Parts {
  readonly world: World;
  readonly config: Config;
  readonly log: Log;
  readonly noProgress: boolean;
  readonly stopCode: Session['stopCode'];
}

function assemble(parts: Parts, io: Io): Session {
  const { world, config, log, noProgress, stopCode } = parts;
  const quiet = config.get('cli.quiet');
  const output = config.get('cli.output');
  const json = config.get('cli.logFormat') === 'json';
  const terminal = world.stderr.isTTY;
  return {
    world,
    config,
    io,
    quiet,
    verbose: config.get('cli.verbose'),
    mode: output === 'table' ? 'text' : output,
    bars: terminal && !quiet && !json && !noProgress && config.get('artifacts.progressBar'),
    workers: config.get('artifacts.workers') ?? WORKERS,
    stopCode,
    notify: (message) => log.notify(message),
    event: (event, message, fields) => log.event(event, message, fields),
    warn: (message) => log.warn(message),
    limited: (own) => assemble(parts, { ...own, signal: AbortSignal.any([io.signal, own.signal]) }),
    withConfig: (other) => assemble({ ...parts, config: other }, io),
    ...lazily(config, world, io, log),
  };
}

async function readSettings(
  { flags }: SessionOptions,
  world: World,
): Promise<{ readonly config: Config; readonly env: World['env']; readonly envFile?: string }> {
  const named = flags['cli.envFile'];
  const base = { flags, cwd: world.cwd, home: world.home };
  if (typeof named !== 'string')
    return { config: await loadConfig({ ...base, env: world.env }), env: world.env };
  const { readEnvFile } = await import('../config/env-file.ts');
  const env = await readEnvFile(named, world.env);
  world.adopt(env);
  return { config: await loadConfig({ ...base, env }), env, envFile: named };
}

function traceTo(log: Log): NonNullable<Io['trace']> {
  return (event: string, fields: Readonly<Record<string, TraceValue>>) => log.trace(event, fields);
}

/** What a session opens when it is first asked for, and closes at its end. */
function lazily(
  config: Config,
  world: World,
  io: Io,
  log: Log,
): Pick<Session, 'trackingUri' | 'server' | 'tracking' | 'stores' | 'resolver' | 'sharedRule' | 'close'> {
  const trackingUri = once(async () => {
    const { trackingUriOf } = await import('./open-tracking.ts');
    return trackingUriOf(config, world.cwd);
  });
  const server = once(async () => {
    const { prepareServer } = await import('./server.ts');
    return prepareServer(await trackingUri(), config, world.clock);
  });
  let tracking: { readonly intent: Intent; readonly store: Promise<TrackingStore> } | undefined;
  let stores: Promise<Stores> | undefined;
  const openTracking = async (intent: Intent): Promise<TrackingStore> => {
    if (tracking && RANK[tracking.intent] >= RANK[intent]) return tracking.store;
    const before = tracking;
    const { openTracking: open } = await import('./open-tracking.ts');
    tracking = { intent, store: open({ uri: await trackingUri(), intent, config, world, log, io, server }) };
    if (before) await (await before.store).close();
    return tracking.store;
  };
  const openStores = async (): Promise<Stores> => {
    const { openStores: open } = await import('./open-stores.ts');
    const warn = (message: string) => log.warn(message);
    const { clock, cwd, home } = world;
    stores ??= Promise.resolve(open({ config, clock, cwd, home, server, warn }));
    return stores;
  };
  return {
    trackingUri,
    server,
    tracking: openTracking,
    stores: openStores,
    resolver: async (intent) =>
      openResolver(config, world, log, await trackingUri(), () => openTracking(intent)),
    sharedRule: async () => readSharedRule(config, world),
    close: async () => {
      await Promise.allSettled([
        tracking?.store.then((store) => store.close()),
        stores?.then((each) => each.close()),
      ]);
    },
  };
}

const RANK: Readonly<Record<Intent, number>> = { read: 0, write: 1, create: 2 };

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

async function openResolver(
  config: Config,
  world: World,
  log: Log,
  trackingUri: string,
  tracking: () => Promise<TrackingStore>,
): Promise<Resolver> {
  const { createResolver } = await import('../resolver/resolver.ts');
  const root = config.resolved('artifacts.uri');
  const destination = config.resolved('artifacts.destination');
  return createResolver({
    tracking,
    trackingUri,
    cwd: world.cwd,
    warn: (message) => log.warn(message),
    ...(root.value === undefined
      ? {}
      : { artifactRoot: { uri: root.value, origin: describeOrigin(root.origin) } }),
    ...(destination.value === undefined
      ? {}
      : { artifactsDestination: { uri: destination.value, origin: describeOrigin(destination.origin) } }),
  });
}

function readSharedRule(config: Config, world: World): SharedRule {
  const temporary = [world.env['TMPDIR'], world.env['TMP'], world.env['TEMP']].filter(
    (folder) => folder !== undefined,
  );
  return {
    cwd: world.cwd,
    hostname: hostname(),
    tempDirectories: [...temporary, tmpdir(), '/tmp', '/var/tmp'],
    sharedPaths: config.get('artifacts.sharedPaths'),
    allowLocal: config.get('artifacts.allowLocal'),
    airflowDag: config.get('airflow.dagId'),
    trackingUri: config.get('tracking.uri'),
    clock: world.clock,
  };
}
