import { resolve } from 'node:path';
import { createGate, type Gate } from '../artifacts/layers/gate.ts';
import { guard } from '../artifacts/layers/guard.ts';
import { layered } from '../artifacts/layers/layered.ts';
import { limit } from '../artifacts/layers/limit.ts';
import { retry } from '../artifacts/layers/retry.ts';
import { trace } from '../artifacts/layers/trace.ts';
import { STORES, systemOf, type System } from '../artifacts/registry.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import type { Config } from '../config/resolve.ts';
import type { Clock } from '../core/clock.ts';
import { formatLocation, type Location } from '../core/location.ts';
import { createNet } from '../net/create-net.ts';
import { s3Net } from './net-options.ts';
import { retryPolicy, type Server } from './server.ts';

/** The artifact stores of a session: one backend per system, many cheap stores on it. */
export interface Stores {
  /** A store at a location, with all layers; no request is made. @throws Failure unsupported, misconfigured */
  at(location: Location): Promise<ArtifactStore>;
  /** `local`, `s3`, `azure`, `proxy`: which system a location belongs to. @throws Failure unsupported */
  systemOf(location: Location): System;
  close(): Promise<void>;
}

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
interface Backend {
  at(location: Location): ArtifactStore;
  close(): Promise<void>;
}

const CONNECT: Readonly<Record<System, (options: StoresOptions) => Promise<Backend>>> = {
  local: connectLocal,
  s3: connectS3Store,
  azure: async (options) => (await import('./azure-options.ts')).connectAzureStore(options),
  gcs: async (options) => (await import('./gcs-options.ts')).connectGcsStore(options),
  ftp: async (options) => (await import('./ftp-options.ts')).connectFtpStore(options),
  sftp: async (options) => (await import('./sftp-options.ts')).connectSftpStore(options),
  hdfs: async (options) => (await import('./hdfs-options.ts')).connectHdfsStore(options),
  proxy: connectProxyStore,
};

/** Prepares the stores; a backend is connected when its first store is asked for. */
export function openStores(options: StoresOptions): Stores {
  const backends = new Map<System, Promise<Backend>>();
  const gates = new Map<string, Gate>();
  return {
    at: async (location) => {
      const system = systemOf(location);
      const backend = backends.get(system) ?? CONNECT[system](options);
      backends.set(system, backend);
      return withLayers((await backend).at(location), gates, options);
    },
    systemOf,
    close: async () => {
      const connected = await Promise.allSettled(backends.values());
      await Promise.all(
        connected.map(async (each) => (each.status === 'fulfilled' ? each.value.close() : undefined)),
      );
    },
  };
}

function withLayers(
  store: ArtifactStore,
  gates: Map<string, Gate>,
  { config, clock }: StoresOptions,
): ArtifactStore {
  const gate = gates.get(store.backend) ?? createGate(store.traits.connections);
  gates.set(store.backend, gate);
  return layered(store, [trace(clock), guard, retry({ policy: retryPolicy(config), clock }), limit(gate)]);
}

async function connectLocal({ cwd }: StoresOptions): Promise<Backend> {
  const { openLocalStore } = await STORES.local.load();
  return { at: ({ path }) => openLocalStore(resolve(cwd, path)), close: async () => undefined };
}

const S3_SOCKETS = 64;

async function connectS3Store({ config, clock }: StoresOptions): Promise<Backend> {
  const connectS3 = await STORES.s3.load();
  const { s3Options } = await import('./s3-options.ts');
  return connectS3({
    ...s3Options(config),
    maxSockets: S3_SOCKETS,
    net: createNet(s3Net(config, S3_SOCKETS)),
    clock,
  });
}

async function connectProxyStore({ config, server, clock }: StoresOptions): Promise<Backend> {
  const connectProxy = await STORES.proxy.load();
  const { net, authorizer } = await server();
  const { proxyWay } = await import('./proxy-options.ts');
  const way = proxyWay(config);
  const allowRedirects = config.get('http.allowRedirects');
  return {
    at: (location) => {
      const url = new URL(formatLocation(location));
      return connectProxy({
        url,
        net,
        authorizer,
        clock,
        label: location.redacted,
        allowRedirects,
        direct: way.direct,
      });
    },
    close: async () => {
      way.close();
      net.close();
    },
  };
}
