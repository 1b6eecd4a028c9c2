import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { bedFolder } from './bed.ts';
import type { Finished } from './run-command.ts';

const RUN_SCRIPTS = join(import.meta.dirname, 'mlflow', 'run-scripts.py');

export interface Script {
  readonly script: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** Runs scripts one after the other, each in a process of its own. */
export interface PythonScripts {
  run(script: Script): Promise<Finished>;
}

type Parent = ChildProcessByStdio<Writable, Readable, null>;

/** It ends with this process, whose end of its standard input closes then. */
function startParent(python: string, env: NodeJS.ProcessEnv): Parent {
  const parent = spawn(python, ['-u', RUN_SCRIPTS], {
    env,
    cwd: import.meta.dirname,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  parent.unref();
  return parent;
}

/** A Python that imports the stock MLflow once, in `env`, for all scripts that this test file runs. */
export function pythonScripts(python: string, env: NodeJS.ProcessEnv): PythonScripts {
  const parent = startParent(python, env);
  const codes = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();

  async function runNext({ cwd, ...script }: Script): Promise<Finished> {
    const out = await bedFolder('python-output');
    const [stdout, stderr] = [join(out, 'stdout'), join(out, 'stderr')];
    parent.stdin.write(`${JSON.stringify({ ...script, cwd, stdout, stderr })}\n`);
    const code: IteratorResult<string, unknown> = await codes.next();
    if (code.done === true) throw new Error('the Python that runs the scripts of the stock client ended');
    const read = async (file: string): Promise<string> => readFile(file, 'utf8');
    const finished = { code: Number(code.value), stdout: await read(stdout), stderr: await read(stderr) };
    await rm(out, { recursive: true, force: true });
    return finished;
  }

  return {
    run: async (script) => {
      const finished = last.then(() => runNext(script));
      last = finished.catch(() => undefined);
      return finished;
    },
  };
}
