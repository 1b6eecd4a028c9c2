import type { Socket } from 'node:net';
import { posix } from 'node:path';
import type { ServedFolder } from '../served-folder.ts';
import { openPassivePort, type PassivePort } from './passive-port.ts';

/** What all sessions of a server have in common. */
export interface FtpService {
  readonly folder: ServedFolder;
  readonly user: string;
  readonly password: string;
  /** Commands that it does not know. */
  readonly unknown: readonly string[];
  /** How long a command waits for its answer, in ms; Infinity for ever. */
  readonly delayMs: () => number;
}

/** One control connection and what was said on it so far. */
export class FtpSession {
  readonly service: FtpService;
  readonly #control: Socket;
  #data: PassivePort | undefined;
  user = '';
  loggedIn = false;
  directory = '/';
  /** Where the next RETR or STOR begins, in bytes. */
  offset = 0;
  /** What RNTO renames. */
  renaming: string | undefined;

  constructor(service: FtpService, control: Socket) {
    this.service = service;
    this.#control = control;
  }

  /** A path of a command, seen from the root. */
  path(argument: string): string {
    return posix.resolve(this.directory, argument);
  }

  reply(text: string): void {
    if (this.#control.writable) this.#control.write(`${text}\r\n`);
  }

  /** Opens the port of the next transfer. */
  async listen(): Promise<number> {
    this.#data?.close();
    this.#data = await openPassivePort();
    return this.#data.port;
  }

  /** Runs one transfer on the connection to the port that was opened for it; gives the reply. */
  async transfer(move: (socket: Socket) => Promise<unknown>): Promise<string> {
    const data = this.#data;
    if (!data) return '425 Use EPSV or PASV first';
    this.reply('150 Here it comes');
    try {
      await move(await data.socket());
      return '226 Transfer complete';
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      return code === 'ENOSPC' ? '452 No space left' : '426 Transfer aborted';
    } finally {
      data.close();
      this.offset = 0;
      if (this.#data === data) this.#data = undefined;
    }
  }

  /** Ends a transfer under way. */
  abort(): void {
    this.#data?.close();
  }
}
