import { hostPort, type Location } from '../../../core/location.ts';
import { redactUri } from '../../../core/redact.ts';
import type { ArtifactStore } from '../../store.ts';
import type { SftpOptions } from './options.ts';
import { SessionPool } from './pool.ts';
import { openSession } from './session.ts';
import { createSftpStore, sftpTraits } from './store.ts';
import { resolveTarget } from './target.ts';

/** Sessions to SSH servers, by user and host; stores are cheap views of directories there. */
export interface SftpBackend {
  /** No connection is made before the store's first operation. @throws Failure invalid */
  at(location: Location): ArtifactStore;
  /** Closes every session. */
  close(): Promise<void>;
}

interface Server {
  readonly pool: SessionPool;
  canReplace: boolean;
}

/** Prepares the stores on SSH servers; nothing is read or connected yet. */
export function connectSftp(options: SftpOptions): SftpBackend {
  const servers = new Map<string, Server>();
  return {
    at: (location) => {
      const { authority } = location;
      const server = servers.get(authority) ?? serverOf(location, options);
      servers.set(authority, server);
      const root = { path: `/${location.path}`, label: location.redacted, pool: server.pool };
      return createSftpStore(root, redactUri(`sftp://${authority}`), () =>
        sftpTraits(options.sessions, server.canReplace ? 'replace' : 'gap'),
      );
    },
    close: async () => {
      for (const { pool } of servers.values()) pool.close();
    },
  };
}

function serverOf(location: Location, options: SftpOptions): Server {
  const parts = hostPort(location);
  if (parts.password !== undefined) {
    options.warn(
      `${location.redacted} holds a password, which whoever reads the tracking records sees; use a key, or MLSTOW_SFTP_PASSWORD`,
    );
  }
  let target: ReturnType<typeof resolveTarget> | undefined;
  const open = async (signal: AbortSignal) => {
    const session = await openSession(await (target ??= resolveTarget(parts, options)), options, signal);
    server.canReplace = session.canReplace;
    return session;
  };
  const server: Server = { pool: new SessionPool(open, options.sessions), canReplace: false };
  return server;
}
