import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** A system under test. */
export interface Bed {
  stop(): Promise<void>;
}

export interface ProcessOptions {
  /** For messages and the log's name. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: NodeJS.ProcessEnv;
  /** Where the log goes; removed by `stop`. */
  readonly dir: string;
  /** Where the process runs; `dir` unless told. */
  readonly cwd?: string;
  /** Whether it answers; asked every 50 ms. A rejection counts as no. */
  ready(): Promise<boolean>;
  /** How long it may take to answer, in ms. */
  readonly readyMs: number;
  /** Makes it end by itself when it is stopped, where what outlives a kill (shared memory) would be left. */
  readonly endsOn?: NodeJS.Signals;
}

/** A program that a bed runs. */
export interface Program {
  readonly name: string;
  readonly command: readonly string[];
}

/** How long a process may take to end by itself, in ms. */
const END_MS = 10_000;

const running = new Map<number, Program>();

/** The programs that beds of this test file run at the moment. */
export function runningPrograms(): readonly Program[] {
  return [...running.values()];
}

/**
 * Runs a command in a process group that dies with the test process, however that ends: a watcher in the group reads
 * our end of a pipe and kills the group when it closes.
 */
const LEASHED = 'exec 3<&0; (cat <&3 >/dev/null; kill -KILL 0) & exec "$@" </dev/null 3<&-';

/** A new temporary folder for one bed. */
export async function bedFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `mlstow-${name}-`));
}

/**
 * Where ports are taken from: below those that a system gives to outgoing connections (from 32768 on Linux, 49152
 * elsewhere), which would take one between its choice and the start of its server. Each worker has a part of its own.
 */
const PORTS = { first: 10_000, ofWorker: 2_500, workers: 9 };

let lastPort = Math.floor(Math.random() * PORTS.ofWorker);

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}

/** A loopback port that is free now, and that nobody else in this run is given. */
export async function freePort(): Promise<number> {
  const worker = Number(process.env['VITEST_POOL_ID'] ?? 0) % PORTS.workers;
  for (let tries = 0; tries < PORTS.ofWorker; tries += 1) {
    lastPort = (lastPort + 1) % PORTS.ofWorker;
    const port = PORTS.first + worker * PORTS.ofWorker + lastPort;
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}

function leash(options: ProcessOptions, log: number): ChildProcess {
  const child = spawn('/bin/sh', ['-c', LEASHED, 'sh', options.file, ...options.args], {
    env: options.env,
    cwd: options.cwd ?? options.dir,
    stdio: ['pipe', log, log],
    detached: true,
  });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}

async function untilReady(options: ProcessOptions, child: ChildProcess): Promise<string | undefined> {
  const end = Date.now() + options.readyMs;
  while (Date.now() < end) {
    if (child.exitCode !== null || child.signalCode !== null) {
      return `ended with ${child.exitCode ?? child.signalCode ?? 'nothing'}`;
    }
    if (await options.ready().catch(() => false)) return undefined;
    await wait(50);
  }
  return `did not answer within ${options.readyMs / 1000} s`;
}

/**
 * Starts a process and waits until it answers. `stop` ends its whole group and removes `dir`.
 * @throws Error with the end of the log when it does not come up; the folder is kept then
 */
export async function startProcess(options: ProcessOptions): Promise<Bed & { readonly pid: number }> {
  const logFile = join(options.dir, `${options.name}.log`);
  const log = openSync(logFile, 'a');
  const child = leash(options, log);
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error(`bed ${options.name} could not be started: /bin/sh is missing`);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const problem = await untilReady(options, child);
  if (problem !== undefined) {
    killGroup(pid);
    const tail = (await readFile(logFile, 'utf8')).split('\n').slice(-40).join('\n');
    throw new Error(`bed ${options.name} ${problem}; its log, ${logFile}:\n${tail}`);
  }
  running.set(pid, { name: options.name, command: [options.file, ...options.args] });
  return {
    pid,
    stop: async () => {
      running.delete(pid);
      child.ref();
      if (options.endsOn) {
        child.kill(options.endsOn);
        await Promise.race([ended, wait(END_MS, undefined, { ref: false })]);
      }
      killGroup(pid);
      await ended;
      await rm(options.dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The few variables a bed's process needs; none of the user's credentials or settings. */
export function bareEnvironment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: home, LANG: 'C.UTF-8' };
}

/** Whether a GET is answered with a status below 400. */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(2_000) });
  await response.arrayBuffer();
  return response.status < 400;
}
