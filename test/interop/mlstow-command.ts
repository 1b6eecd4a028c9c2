import { join } from 'node:path';
import { bareEnvironment } from '../testbeds/bed.ts';
import { runCommand, type Finished } from '../testbeds/run-command.ts';

/** The built command, as it is installed. */
export const MLSTOW = join(import.meta.dirname, '..', '..', 'bin', 'mlstow.js');

/** Where a command runs; nothing of the test process's own settings is passed on. */
export interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs the built command as a process of its own, whatever its exit code. */
export async function runMlstow(args: readonly string[], { cwd, env, input }: Place): Promise<Finished> {
  return runCommand(process.execPath, [MLSTOW, ...args], {
    cwd,
    env: { ...bareEnvironment(cwd), ...env },
    ...(input === undefined ? {} : { input }),
  });
}

/** Runs the built command, which must succeed. */
export async function mustRunMlstow(args: readonly string[], place: Place): Promise<Finished> {
  const finished = await runMlstow(args, place);
  if (finished.code !== 0) {
    throw new Error(
      `mlstow ${args.join(' ')} ended with ${finished.code}\n${finished.stdout}${finished.stderr}`,
    );
  }
  return finished;
}

/** Runs the built command with `-q`; gives the one line that it prints. */
export async function askMlstow(args: readonly string[], place: Place): Promise<string> {
  return (await mustRunMlstow([...args, '-q'], place)).stdout.trimEnd();
}
