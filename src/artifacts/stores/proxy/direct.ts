import type { Io } from '../../../core/io.ts';
import type { Net } from '../../../net/net.ts';
import type { ProxyCapabilities } from './capabilities.ts';

/** The way past the server: bytes go straight to the store behind it, by URLs that the server signs. */
export interface DirectOptions {
  /** Connections to that store: by its own TLS trust, not the tracking server's. Made when first wanted. */
  readonly net: () => Net;
  /** Whether large files are sent so (MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD); unset: as the server says. */
  readonly upload?: boolean;
  /** Whether files are read so (MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD); unset: as the server says. */
  readonly download?: boolean;
  /** Files from this size on, in bytes (MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE), … */
  readonly fromBytes: number;
  /** … are sent in parts of this size, in bytes (MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE). */
  readonly partBytes: number;
}

/** What goes past the server. */
export type Way = 'upload' | 'download';

/** Which bytes go past the server, and what is known of it by now. */
export interface Direct {
  readonly net: Net;
  /** Whether a way is to be tried; a server that lets no byte pass through itself decides against the settings. */
  opens(way: Way, io: Io): Promise<boolean>;
  /** The server said that it cannot: it is not asked again. */
  close(way: Way): void;
  /** The server said that it lets no byte pass through itself. */
  readonly only: boolean;
  insist(): void;
}

/** Decides by the settings, else by what the server tells of itself, as MLflow's client does. */
export function createDirect(
  options: DirectOptions,
  capabilities: (io: Io) => Promise<ProxyCapabilities>,
): Direct {
  const closed = new Set<Way>();
  let only = false;
  return {
    get net() {
      return options.net();
    },
    get only() {
      return only;
    },
    insist: () => {
      only = true;
    },
    close: (way) => void closed.add(way),
    opens: async (way, io) => {
      if (closed.has(way)) return false;
      if (only || options[way] === true) return true;
      const told = await capabilities(io);
      only ||= told.presignedOnly;
      if (only) return true;
      const offered = way === 'upload' ? told.multipartUploads : told.multipartDownloads;
      return options[way] === undefined && offered;
    },
  };
}
