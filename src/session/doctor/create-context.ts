import { hostname } from 'node:os';
import { describeOrigin } from '../../config/origin.ts';
import type { Key } from '../../config/settings/index.ts';
import { Failure } from '../../core/failure.ts';
import { redactUri } from '../../core/redact.ts';
import type { Context, Examination, TrackingServer } from '../../doctor/context.ts';
import { rootsInUse, type Named, type Root } from '../../doctor/roots.ts';
import { parseTarget } from '../../resolver/target.ts';
import type { Experiment } from '../../tracking/entities.ts';
import type { Session } from '../session.ts';
import { findProbeRun } from './find-probe-run.ts';

const MAX_EXPERIMENTS = 200;

/** What all checks share, on a session. Nothing is opened before it is asked for. */
export function createContext(session: Session, asked: Examination): Context {
  const { config, world } = session;
  const experiments = once(async () => experimentsOf(session, asked.target));
  return {
    ...asked,
    config,
    env: world.env,
    cwd: world.cwd,
    home: world.home,
    hostname: hostname(),
    clock: world.clock,
    rule: async () => session.sharedRule(),
    trackingUri: async () => session.trackingUri(),
    stores: async () => session.stores(),
    resolver: async () => session.resolver('read'),
    tracking: async () => session.tracking('read'),
    server: once(async () => serverOf(session)),
    experiments,
    roots: once(async () => rootsOf(session, asked.target, await experiments())),
    probeRun: once(async () => findProbeRun(session, asked)),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

async function serverOf(session: Session): Promise<TrackingServer> {
  const uri = await session.trackingUri();
  if (!/^https?:/i.test(uri)) {
    throw new Failure({
      kind: 'unsupported',
      message: `the records are kept in ${redactUri(uri)}, not by a server`,
      subject: 'tracking.uri',
    });
  }
  const { net, authorizer, options } = await session.server();
  const bare = new URL(uri);
  Object.assign(bare, { username: '', password: '', search: '', hash: '' });
  return {
    uri: bare.href.replace(/\/+$/, ''),
    net,
    authorizer,
    allowRedirects: options.allowRedirects,
  };
}

async function experimentsOf(session: Session, target: string | undefined): Promise<readonly Experiment[]> {
  const asked = target === undefined ? undefined : parseTarget(target);
  if (asked?.kind === 'uri') return [];
  const { experiments, runs } = await session.tracking('read');
  if (asked?.kind === 'run') {
    const { info } = await runs.get(asked.runId, session.io);
    return [await experiments.get(info.experimentId, session.io)];
  }
  if (asked?.kind === 'experiment') {
    const resolver = await session.resolver('read');
    return [(await resolver.experiment(asked.nameOrId, session.io)).experiment];
  }
  return newestOf(session);
}

async function newestOf(session: Session): Promise<readonly Experiment[]> {
  const { experiments } = await session.tracking('read');
  const found: Experiment[] = [];
  const options = { view: 'active_only', maxResults: MAX_EXPERIMENTS } as const;
  for await (const page of experiments.search(options, session.io)) {
    found.push(...page);
    if (found.length >= MAX_EXPERIMENTS) break;
  }
  const newest = found.slice(0, MAX_EXPERIMENTS);
  if (newest.some(({ experimentId }) => experimentId === '0')) return newest;
  const first = await experiments.get('0', session.io).catch(absent);
  return first?.lifecycleStage === 'active' ? [...newest, first] : newest;
}

function absent(thrown: unknown): undefined {
  if (thrown instanceof Failure && thrown.kind === 'not-found') return undefined;
  throw thrown;
}

const ROOT_SETTINGS = ['artifacts.uri', 'artifacts.destination'] as const satisfies readonly Key[];

async function rootsOf(
  session: Session,
  target: string | undefined,
  experiments: readonly Experiment[],
): Promise<readonly Root[]> {
  const { config, world } = session;
  const destination = config.resolved('artifacts.destination');
  const options = {
    trackingUri: await session.trackingUri(),
    cwd: world.cwd,
    ...(destination.value === undefined
      ? {}
      : {
          artifactsDestination: { uri: destination.value, origin: describeOrigin(destination.origin) },
        }),
  };
  const named: Named[] =
    target === undefined
      ? ROOT_SETTINGS.flatMap((key) => {
          const { value, origin } = config.resolved(key);
          return value === undefined ? [] : [{ uri: value, by: describeOrigin(origin) }];
        })
      : await placesOf(session, target);
  return rootsInUse(target === undefined ? experiments : [], named, options);
}

async function placesOf(session: Session, target: string): Promise<Named[]> {
  const { formatLocation } = await import('../../core/location.ts');
  const resolver = await session.resolver('read');
  const { places } = await resolver.target(target, session.io);
  return places.map(({ location }) => ({ uri: formatLocation(location), by: 'the target' }));
}
