import type { SFTPWrapper } from 'ssh2';
import { Failure } from '../../../core/failure.ts';
import { unlessAborted } from '../../../core/unless-aborted.ts';
import { connect, type Connection } from './connect.ts';
import { statusOf } from './failures.ts';
import type { SftpOptions } from './options.ts';
import { labelOf, type Target } from './target.ts';

/** Extensions that make a difference here: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL */
const POSIX_RENAME = 'posix-rename@openssh.com';
const FSYNC = 'fsync@openssh.com';
const STATVFS = 'statvfs@openssh.com';

/** Called once, with an error or the answer. */
export type Answer<T> = (error: Error | null | undefined, value?: T) => void;

/**
 * One SFTP channel on a connection of its own; requests are multiplexed on it. When the connection breaks or falls
 * silent, every request under way fails with `unavailable` or `timeout`, retry `later`, and the session is dead.
 */
export class Session {
  readonly label: string;
  readonly #connection: Connection;
  readonly #sftp: SFTPWrapper;
  readonly #idleMs: number;
  readonly #waiting = new Set<(failure: Failure) => void>();
  #timer: NodeJS.Timeout | undefined;
  #death: Failure | undefined;

  constructor(connection: Connection, sftp: SFTPWrapper, label: string, idleMs: number) {
    this.#connection = connection;
    this.#sftp = sftp;
    this.label = label;
    this.#idleMs = idleMs;
    const broke = () => this.#die('unavailable', `the connection to ${label} broke`);
    connection.client.on('close', broke).on('end', broke).on('error', broke);
    sftp.on('close', broke).on('end', broke).on('error', broke);
  }

  get isDead(): boolean {
    return this.#death !== undefined;
  }

  get canReplace(): boolean {
    return this.#offers(POSIX_RENAME);
  }

  get canSync(): boolean {
    return this.#offers(FSYNC);
  }

  get canTellSpace(): boolean {
    return this.#offers(STATVFS);
  }

  /**
   * Sends a request; gives its answer, or rejects with the server's error (a status code) or a Failure. An abort stops
   * the waiting, not the server.
   */
  async ask<T>(signal: AbortSignal, send: (sftp: SFTPWrapper, done: Answer<T>) => void): Promise<T> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      if (this.#death) {
        reject(this.#death);
        return;
      }
      const settle = (act: () => void) => {
        if (!this.#waiting.delete(fail)) return;
        signal.removeEventListener('abort', onAbort);
        this.#watch();
        act();
      };
      const fail = (failure: Failure) => settle(() => reject(failure));
      const onAbort = () => settle(() => reject(signal.reason as Error));
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(fail);
      this.#watch();
      try {
        send(this.#sftp, (error, value) =>
          settle(() => (error ? reject(this.#told(error)) : resolve(value as T))),
        );
      } catch (thrown) {
        settle(() => reject(this.#told(thrown as Error)));
      }
    });
  }

  end(): void {
    this.#die('unavailable', `the connection to ${this.label} was closed`);
  }

  #offers(extension: string): boolean {
    const { _extensions } = this.#sftp as unknown as { readonly _extensions?: Record<string, unknown> };
    return _extensions?.[extension] !== undefined;
  }

  /** An error without a status code is not an answer: the channel broke. */
  #told(error: Error): Error {
    if (statusOf(error) !== undefined) return error;
    return (
      this.#death ?? this.#failure('unavailable', `the connection to ${this.label} broke: ${error.message}`)
    );
  }

  /** Any answer shows that the server lives. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.size === 0 || !Number.isFinite(this.#idleMs)) return;
    const seconds = this.#idleMs / 1000;
    this.#timer = setTimeout(
      () => this.#die('timeout', `${this.label} fell silent for ${seconds} s`),
      this.#idleMs,
    );
  }

  #failure(kind: 'unavailable' | 'timeout', message: string): Failure {
    const help =
      kind === 'timeout'
        ? { hint: 'raise MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT', settings: ['artifacts.timeout'] }
        : {};
    return new Failure({ kind, message, subject: this.label, retry: 'later', ...help });
  }

  #die(kind: 'unavailable' | 'timeout', message: string): void {
    if (this.#death) return;
    this.#death = this.#failure(kind, message);
    clearTimeout(this.#timer);
    for (const fail of this.#waiting) fail(this.#death);
    this.#connection.end();
  }
}

/** Connects and opens the SFTP subsystem. @throws Failure as `connect`, and unsupported without the subsystem */
export async function openSession(
  target: Target,
  options: SftpOptions,
  signal: AbortSignal,
): Promise<Session> {
  const connection = await connect(target, options, signal);
  const label = labelOf(target);
  const { client } = connection;
  const served = new Promise<Session>((resolve, reject) => {
    const broke = () => {
      const message = `the connection to ${label} broke before files could be served`;
      reject(new Failure({ kind: 'unavailable', message, subject: label, retry: 'later' }));
    };
    client.once('close', broke);
    client.sftp((error, sftp) => {
      client.off('close', broke);
      if (!error) {
        resolve(new Session(connection, sftp, label, options.idleMs));
        return;
      }
      reject(noSubsystem(label, error));
    });
  });
  return unlessAborted(served, signal, label).catch((thrown: unknown) => {
    connection.end();
    throw thrown;
  });
}

function noSubsystem(label: string, error: Error): Failure {
  return new Failure(
    {
      kind: 'unsupported',
      message: `${label} lets us in but serves no files over SFTP: ${error.message}`,
      hint: 'its administrator enables that with "Subsystem sftp internal-sftp" in sshd_config',
      subject: label,
    },
    error,
  );
}
