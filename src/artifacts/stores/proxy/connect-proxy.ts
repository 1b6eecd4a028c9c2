import type { Clock } from '../../../core/clock.ts';
import type { Io } from '../../../core/io.ts';
import type { Authorizer } from '../../../net/authorizer.ts';
import type { Net } from '../../../net/net.ts';
import type { ArtifactStore, Traits } from '../../store.ts';
import { parseProxyAddress } from './address.ts';
import { capabilityProbe, type ProxyCapabilities } from './capabilities.ts';
import type { ProxyClient } from './client.ts';
import { createDirect, type DirectOptions } from './direct.ts';
import { holdsAnything, listPages } from './list.ts';
import { multipartOf } from './multipart.ts';
import { nameTrouble } from './name-trouble.ts';
import { readEitherWay } from './read-direct.ts';
import { readObject } from './read.ts';
import { REMOVE_BATCH, removeObjects } from './remove.ts';
import { statObject } from './stat.ts';
import { writeEitherWay } from './write-either-way.ts';
import { writeObject } from './write.ts';

/** One root behind a tracking server. */
export interface ProxyOptions {
  /** The repository's root, as `resolveProxyUrl` gives it. */
  readonly url: URL;
  /** The caller's: many roots share its connections. */
  readonly net: Net;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  /** The root's redacted URI. */
  readonly label: string;
  /** MLFLOW_ALLOW_HTTP_REDIRECTS; true unless told. */
  readonly allowRedirects?: boolean;
  /** How bytes go past the server, straight to the store behind it; they never do without. */
  readonly direct?: DirectOptions;
}

/** A store behind a tracking server. */
export interface ProxyStore extends ArtifactStore {
  /** What the server can do, asked when it is first wanted and kept. */
  capabilities(io: Io): Promise<ProxyCapabilities>;
}

/**
 * What the stock server promises whatever store is behind it. It writes to a temporary file first (local) or after the
 * whole body came (remote); ranges work with a local destination only.
 *
 * Where reads may go past the server, `ranges` is `any`: that is what the store behind it does. A server that turns out
 * to sign no URL raises `unsupported` for a part, and its bodies carry no version, so that none is continued.
 */
export const PROXY_TRAITS: Traits = {
  ranges: 'none',
  publish: 'replace',
  ifAbsent: 'checked',
  directories: 'virtual',
  order: 'path',
  modified: 'none',
  stat: 'lists-parent',
  unknownLength: 'write',
  maxWriteBytes: Number.MAX_SAFE_INTEGER,
  removeBatch: REMOVE_BATCH,
  connections: 16,
  proofs: [],
};

/**
 * The artifacts below a root of MLflow's artifact service (`/api/2.0/mlflow-artifacts/artifacts`). No request is made
 * before an operation needs one; connections are the caller's.
 *
 * `facts`: a server whose store is missing (an unmounted disk) answers as an empty one, so the anchor is present only
 * when the server lists anything at its own root.
 * @throws Failure unsupported when the URL is not one of that service
 */
export function connectProxy(options: ProxyOptions): ProxyStore {
  const { url, net, authorizer, clock, label, allowRedirects = true } = options;
  const address = parseProxyAddress(url, label);
  const client: ProxyClient = { address, label, net, authorizer, clock, allowRedirects };
  const capabilities = capabilityProbe(client);
  return {
    label,
    backend: `mlflow-artifacts ${address.server}`,
    server: `mlflow-artifacts ${address.server}`,
    traits: PROXY_TRAITS,
    accepts: (path) => nameTrouble(address, path),
    stat: async (path, io) => statObject(client, path, io),
    list: (under, ask, io) => listPages(client, under, ask, io),
    read: async (path, part, io) => readObject(client, path, part, io),
    write: async (path, source, ask, io) => writeObject(client, path, source, ask, io),
    remove: async (batch, io) => removeObjects(client, batch, io),
    facts: async (io) => ({ anchor: (await holdsAnything(client, io)) ? 'present' : 'absent' }),
    capabilities,
    ...(options.direct ? pastServer(client, options.direct, capabilities) : {}),
  };
}

/** The members that differ where bytes may go past the server. */
function pastServer(
  client: ProxyClient,
  options: DirectOptions,
  capabilities: ProxyStore['capabilities'],
): Pick<ProxyStore, 'traits' | 'read' | 'write'> & Required<Pick<ProxyStore, 'multipart'>> {
  const direct = createDirect(options, capabilities);
  const multipart = multipartOf(client, direct, options);
  return {
    traits: options.download === false ? PROXY_TRAITS : { ...PROXY_TRAITS, ranges: 'any' },
    multipart,
    read: async (path, part, io) => readEitherWay(client, direct, path, part, io),
    write: async (path, source, { when }, io) =>
      writeEitherWay(client, direct, multipart, { path, source, when }, io),
  };
}
