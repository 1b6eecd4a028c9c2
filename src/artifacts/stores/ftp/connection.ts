import type { Client } from 'basic-ftp';
import { asFailure, Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { ftpFailure, replyOf, type Doing } from './failures.ts';

/** How often silence is measured, at most and at least, in ms. */
const CHECK_MS = 250;

/** One control connection, logged in, doing one thing at a time. */
export class Connection {
  readonly client: Client;
  /** The commands that list the current directory, best first: what the server knows stays. */
  listCommands: readonly string[];
  /** Which way a body flows: silence is the server's fault only when it is not waiting for us. */
  flow: 'up' | 'down' | undefined;
  /** When it was last given back, in ms since the epoch. */
  idleSince = 0;
  #ended: Failure | undefined;

  constructor(client: Client, listCommands: readonly string[]) {
    this.client = client;
    this.listCommands = listCommands;
  }

  get closed(): boolean {
    return this.#ended !== undefined || this.client.closed;
  }

  /** Ends the connection; whatever it is doing fails with this. */
  end(why: Failure): void {
    this.#ended ??= why;
    this.client.close();
  }

  /** What a call on this connection failed with. A connection that the server takes leave of is not used again. */
  failure(thrown: unknown, doing: Doing): Failure {
    if (replyOf(thrown) === 421) this.client.close();
    const failure = this.#ended ?? ftpFailure(thrown, doing);
    return failure.retry === 'later' && doing.effect ? failure.with({ effect: doing.effect }) : failure;
  }

  /**
   * Ends the connection when the signal aborts, and with `timeout` when the server moves no byte for `idleMs` while it
   * is its turn. Gives the function that stops watching.
   */
  watch(io: Io, idleMs: number | undefined, subject: string): () => void {
    const onAbort = () => this.end(asFailure(io.signal.reason, subject));
    io.signal.addEventListener('abort', onAbort, { once: true });
    if (io.signal.aborted) onAbort();
    const timer = idleMs === undefined ? undefined : this.#watchSilence(idleMs, subject);
    return () => {
      io.signal.removeEventListener('abort', onAbort);
      clearInterval(timer);
    };
  }

  #watchSilence(idleMs: number, subject: string): NodeJS.Timeout {
    const stepMs = Math.max(1, Math.min(CHECK_MS, Math.floor(idleMs / 4)));
    let seen = this.#moved();
    let silentMs = 0;
    return setInterval(() => {
      const moved = this.#moved();
      silentMs = moved === seen && !this.#waitsForUs() ? silentMs + stepMs : 0;
      seen = moved;
      if (silentMs >= idleMs) this.end(silence(idleMs, subject));
    }, stepMs);
  }

  #moved(): number {
    const { socket, dataSocket } = this.client.ftp;
    const data = dataSocket ? dataSocket.bytesRead + dataSocket.bytesWritten - dataSocket.writableLength : 0;
    return socket.bytesRead + socket.bytesWritten + data;
  }

  #waitsForUs(): boolean {
    const data = this.client.ftp.dataSocket;
    if (!data || data.destroyed) return false;
    if (this.flow === 'down') return data.isPaused();
    return this.flow === 'up' && !data.writableEnded && data.writableLength === 0;
  }
}

function silence(idleMs: number, subject: string): Failure {
  return new Failure({
    kind: 'timeout',
    message: `the server of ${subject} was silent for ${idleMs} ms`,
    hint: 'raise MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT',
    subject,
    retry: 'later',
    settings: ['artifacts.timeout', 'http.timeout'],
  });
}
