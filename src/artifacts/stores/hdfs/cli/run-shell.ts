import type { Readable, Writable } from 'node:stream';
import { Failure } from '../../../../core/failure.ts';
import type { Io } from '../../../../core/io.ts';
import type { Asked } from '../failures.ts';
import { noTicket, type KerberosOptions } from '../no-ticket.ts';

/** The `hdfs` command and what it is run with. */
export interface Shell {
  /** A path, or a name that is looked for on the PATH. */
  readonly command: string;
  /** Added to this process's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Whose ticket it logs in with, where a cluster asks for one. */
  readonly kerberos: KerberosOptions;
  /** Hadoop properties of this one command, as `key=value`. */
  readonly properties?: readonly string[];
}

/** A command under way. */
export interface Running {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Waits for the end. */
  readonly done: Promise<Ended>;
  /** Has it stop and undo what is unfinished (its shutdown hooks remove temporary files), by force after 8 s. */
  stop(): void;
}

/** How a command ended. */
export interface Ended {
  /** Undefined when it was stopped. */
  readonly code: number | undefined;
  /** What it said on stderr that begins with the name of the verb: `rm: …`. */
  readonly complaints: readonly string[];
  /** The end of its stderr, for one that ended without such a complaint. */
  readonly lastLine: string;
}

const FORCE_MS = 8_000;
const MAX_STDERR = 256 * 1024;
/** What Hadoop's and Java's log-in say when there is no ticket that they can use. */
const NO_TICKET = /Client cannot authenticate via:|GSS initiate failed|failure to login:/;

/** The host of a location, for messages. */
function hostOf(uri: string): string {
  return /^\w+:\/\/([^/]+)/.exec(uri)?.[1] ?? uri;
}

function notThere(shell: Shell, { doing, subject }: Asked, cause: unknown): Failure {
  return new Failure(
    {
      kind: 'misconfigured',
      message: `cannot ${doing} ${subject}: the command ${shell.command} cannot be run`,
      subject,
      hint: subject.startsWith('viewfs:')
        ? 'set HADOOP_HOME to where Hadoop is installed; without it, core-site.xml must link this path to an hdfs:// location'
        : 'set HADOOP_HOME to where Hadoop is installed, or MLSTOW_HDFS_DRIVER=webhdfs to do without it',
      settings: ['hdfs.home', 'hdfs.driver'],
    },
    cause,
  );
}

function complaintsIn(stderr: string, verb: string): readonly string[] {
  const start = `${verb}: `;
  return stderr
    .split('\n')
    .filter((line) => line.startsWith(start))
    .map((line) => line.slice(start.length));
}

/**
 * Starts `hdfs dfs -<verb> …`: one JVM, 2 to 4 seconds before its first byte. Times are UTC.
 * @throws Failure misconfigured when it cannot be run
 */
export async function startShell(
  shell: Shell,
  verb: string,
  args: readonly string[],
  asked: Asked,
  io: Io,
): Promise<Running> {
  const { execa } = await import('execa');
  io.signal.throwIfAborted();
  const properties = (shell.properties ?? []).flatMap((each) => ['-D', each]);
  io.trace?.('command', { command: `hdfs dfs -${verb}`, arguments: args.length });
  const child = execa(shell.command, ['dfs', ...properties, `-${verb}`, ...args], {
    env: { ...shell.env, TZ: 'UTC' },
    reject: false,
    buffer: { stdout: false, stderr: true },
    maxBuffer: MAX_STDERR,
    stdin: 'pipe',
    forceKillAfterDelay: FORCE_MS,
    cleanup: true,
  });
  const stop = () => void child.kill('SIGTERM');
  io.signal.addEventListener('abort', stop, { once: true });
  const done = child.then(async (result): Promise<Ended> => {
    io.signal.removeEventListener('abort', stop);
    io.signal.throwIfAborted();
    if (result.code === 'ENOENT' || result.code === 'EACCES') throw notThere(shell, asked, result);
    const complaints = complaintsIn(result.stderr, verb);
    if (result.exitCode !== 0 && complaints.some((each) => NO_TICKET.test(each))) {
      throw await noTicket(hostOf(asked.subject), shell.kerberos, result);
    }
    const lastLine = result.stderr.trimEnd().split('\n').at(-1) ?? '';
    return { code: result.exitCode, complaints, lastLine };
  });
  done.catch(() => undefined);
  return { stdin: child.stdin, stdout: child.stdout, done, stop };
}

/** Runs a command to its end; gives its lines. */
export async function runShell(
  shell: Shell,
  verb: string,
  args: readonly string[],
  asked: Asked,
  io: Io,
): Promise<Ended & { readonly stdout: string }> {
  const running = await startShell(shell, verb, args, asked, io);
  running.stdin.end();
  const chunks: Buffer[] = [];
  running.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = await running.done;
  return { ...ended, stdout: Buffer.concat(chunks).toString('utf8') };
}
