import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { MLSTOW, type Place } from '../interop/mlstow-command.ts';
import { bareEnvironment } from '../testbeds/bed.ts';
import type { Finished } from '../testbeds/run-command.ts';

/** A command that runs. */
export interface Running {
  readonly ended: Promise<Finished>;
  send(signal: NodeJS.Signals): void;
  /** Waits until a check holds. @throws Error when the command ends before, with what it said */
  until(holds: () => boolean | Promise<boolean>): Promise<void>;
}

/** What a scheduler grants between SIGTERM and SIGKILL, and mlstow promises, in ms. */
const PROMISED_MS = 5_000;

/** Starts the built command. */
export function startMlstow(args: readonly string[], { cwd, env }: Place): Running {
  const child = spawn(process.execPath, [MLSTOW, ...args], {
    cwd,
    env: { ...bareEnvironment(cwd), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let over = false;
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      over = true;
      resolve({ code: code ?? -1, stdout, stderr });
    });
  });
  return {
    ended,
    send: (signal) => void child.kill(signal),
    until: async (holds) => {
      while (!(await holds())) {
        if (over) throw new Error(`the command ended too early: ${stdout}${stderr}`);
        await wait(20);
      }
    },
  };
}

/** Sends a signal and gives how the command ended. @throws Error when it has not ended within the promised time */
export async function stopWith(
  running: Running,
  signal: NodeJS.Signals,
  withinMs = PROMISED_MS,
): Promise<Finished> {
  running.send(signal);
  const late = new AbortController();
  const finished = await Promise.race([
    running.ended,
    wait(withinMs, undefined, { signal: late.signal }).catch(() => undefined),
  ]);
  late.abort();
  if (finished) return finished;
  running.send('SIGKILL');
  throw new Error(`the command did not end within ${withinMs} ms of ${signal}`);
}
