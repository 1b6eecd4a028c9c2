import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import type { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';

/** How connections are made: the only source of TLS trust, proxies and time-outs for every client of one backend. */
export interface NetOptions {
  /** PEM file with the certificate authorities to trust instead of the built-in ones. */
  readonly caFile?: string;
  /** PEM file with a client certificate and its key. */
  readonly clientCertFile?: string;
  /** False only when the user switched verification off. */
  readonly verifyTls: boolean;
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  /** Hosts reached directly: comma-separated names, `.suffix`, IPs, optional `:port`, or `*`. */
  readonly noProxy?: string;
  /** How long a connection may take, in ms. */
  readonly connectMs: number;
  /** How long a connection may be silent, in ms; undefined for no limit. */
  readonly idleMs?: number;
  /** Sockets per host. */
  readonly maxSockets: number;
  /** What the user calls these settings, for hints; MLflow's tracking variables unless told. */
  readonly names?: Partial<NetNames>;
}

/** Names of settings, as a hint shows them. */
export interface NetNames {
  readonly caFile: string;
  readonly verifyTls: string;
  /** Absent where none can be set. */
  readonly clientCertFile?: string;
  readonly timeout: string;
}

/** The headers that a redirect's target may see. */
export type RedirectHeaders = (
  to: URL,
) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;

export interface NetRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Readable;
  /** Gives `body` once more, when it is a stream that can be had again. */
  readonly reopen?: () => Promise<Uint8Array | Readable>;
  /** Whether sending it twice does no more than once, where the method does not say so already (RFC 9110 section 9.2.2). */
  readonly repeatable?: true;
  /** Bytes of `body` when it is a stream of known length; otherwise it is sent chunked. */
  readonly length?: number;
  /**
   * What to do on a 3xx with a Location: give it back as it is, or follow it (at most 5 times) with the headers that
   * this function grants the new URL. Headers never follow by themselves, and a streamed body is never sent twice: GET
   * and HEAD follow 301, 302, 303, 307 and 308; other methods follow 307 and 308 only, with no body or one in memory.
   */
  readonly redirect: 'manual' | RedirectHeaders;
  /** Overrides `idleMs` for one request. */
  readonly idleMs?: number;
}

/** An answer; `body` holds the bytes as sent (never decompressed) and must be consumed or destroyed, unless there are `bytes`. */
export interface NetResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: URL;
  readonly body: Readable;
  /** All that `body` holds, of an answer that said that it is small: nothing of it is on its way any more. */
  readonly bytes?: Buffer;
}

/** HTTP as this process speaks it to one backend. */
export interface Net {
  /** For SDK request handlers. */
  readonly agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  /**
   * Sends one request, once: no retry, no status is a failure. Only where a kept connection turns out to be closed by the
   * other side before it answered anything, the request goes out again on a new one, if that is harmless and its body
   * can be had again.
   * @throws Failure unavailable (name, connection, reset), timeout (silence), misconfigured (TLS trust, file missing);
   * `effect` is `none` when no byte of the request can have arrived
   */
  send(request: NetRequest, io: Io): Promise<NetResponse>;
  /**
   * What an SDK's error on a connection of `agents` means, as `send` would tell it, for a request that is said to be
   * without effect. `about.subject` and `about.host` are for the message.
   */
  failure(error: unknown, about: { readonly subject: string; readonly host: string }): Failure;
  /** Closes kept connections. */
  close(): void;
}
