import { createGate, type Gate } from '../artifacts/layers/gate.ts';
import { guard } from '../artifacts/layers/guard.ts';
import { layered } from '../artifacts/layers/layered.ts';
import { limit } from '../artifacts/layers/limit.ts';
import { retry } from '../artifacts/layers/retry.ts';
import { trace } from '../artifacts/layers/trace.ts';
import { systemOf, type System } from '../artifacts/registry.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import type { Location } from '../core/location.ts';
import type { Backend, StoresOptions } from './backend.ts';
import { retryPolicy } from './server.ts';

/** The artifact stores of a session: one backend per system, many cheap stores on it. */
export interface Stores {
  /** A store at a location, with all layers; no request is made. @throws Failure unsupported, misconfigured */
  at(location: Location): Promise<ArtifactStore>;
  /** `local`, `s3`, `azure`, `proxy`: which system a location belongs to. @throws Failure unsupported */
  systemOf(location: Location): System;
  close(): Promise<void>;
}

const CONNECT: Readonly<Record<System, (options: StoresOptions) => Promise<Backend>>> = {
  local: async (options) => (await import('./connect/local.ts')).connectLocalStore(options),
  s3: async (options) => (await import('./connect/s3.ts')).connectS3Store(options),
  azure: async (options) => (await import('./connect/azure.ts')).connectAzureStore(options),
  gcs: async (options) => (await import('./connect/gcs.ts')).connectGcsStore(options),
  ftp: async (options) => (await import('./connect/ftp.ts')).connectFtpStore(options),
  sftp: async (options) => (await import('./connect/sftp.ts')).connectSftpStore(options),
  hdfs: async (options) => (await import('./connect/hdfs.ts')).connectHdfsStore(options),
  proxy: async (options) => (await import('./connect/proxy.ts')).connectProxyStore(options),
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
  const layers = [guard, retry({ policy: retryPolicy(config), clock }), limit(gate)];
  // What every operation costs is told to `--verbose` alone.
  return layered(store, config.get('cli.verbose') ? [trace(clock), ...layers] : layers);
}
