import type { Clock } from '../../../core/clock.ts';
import { hostPort, type Location } from '../../../core/location.ts';
import type { TlsTrust } from '../../../net/tls-trust.ts';
import type { ArtifactStore } from '../../store.ts';
import type { FtpServer } from './dial.ts';
import { Pool } from './pool.ts';
import { openFtpStore } from './store.ts';

/** What a user can set about FTP servers. */
export interface FtpOptions {
  /** Where the URI holds none. A secret. */
  readonly password?: string;
  readonly tls: 'off' | 'explicit' | 'implicit';
  readonly trust: TlsTrust;
  /** Most connections to one server. */
  readonly connections: number;
  /** How long connecting and logging in may take, in ms. */
  readonly connectMs: number;
  /** How long a server may be silent in the middle of something, in ms; undefined for no limit. */
  readonly idleMs?: number;
  readonly clock: Clock;
}

/** Connections to FTP servers, shared by all stores. */
export interface FtpBackend {
  /** A store at a location; no connection is made. */
  at(location: Location): ArtifactStore;
  /** Closes the connections. */
  close(): Promise<void>;
}

const PORTS = { off: 21, explicit: 21, implicit: 990 } as const;
/** As Python's ftplib logs in when it is told nobody, and so stock MLflow. */
const ANONYMOUS = { user: 'anonymous', password: 'anonymous@' } as const;

function serverOf(location: Location, options: FtpOptions): FtpServer {
  const { host, port, user, password } = hostPort(location);
  const { tls, trust, connectMs } = options;
  const at = {
    host: host === '' ? 'localhost' : host,
    port: port ?? PORTS[tls],
    user: user === undefined || user === '' ? ANONYMOUS.user : user,
  };
  const given = password ?? options.password;
  const own = at.user === ANONYMOUS.user ? ANONYMOUS.password : '';
  const shownHost = at.host.includes(':') ? `[${at.host}]` : at.host;
  const label = `ftp://${encodeURIComponent(at.user)}@${shownHost}:${at.port}`;
  return { ...at, password: given ?? own, tls, trust, connectMs, label };
}

/** Prepares FTP; a server is reached when its first store needs it. */
export function connectFtp(options: FtpOptions): FtpBackend {
  const pools = new Map<string, Pool>();
  const { connections, idleMs, clock } = options;
  const poolOf = (server: FtpServer): Pool => {
    const key = JSON.stringify([server.label, server.password]);
    const pool = pools.get(key) ?? new Pool({ server, connections, idleMs, clock });
    pools.set(key, pool);
    return pool;
  };
  return {
    at: (location) => {
      const path = `/${location.path.split('/').filter(Boolean).join('/')}`;
      const root = { pool: poolOf(serverOf(location, options)), path, label: location.redacted };
      return openFtpStore(root, connections);
    },
    close: async () => {
      for (const pool of pools.values()) pool.close();
    },
  };
}
