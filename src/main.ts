import { homedir } from 'node:os';
import { commands } from './cli/commands/index.ts';
import { parse } from './cli/parse/parse.ts';
import { systemClock } from './core/clock.ts';

declare const __MLSTOW_VERSION__: string;

// The AWS SDK would warn on stderr about Node versions that a release of ours is pinned to support.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

// A reader that closed early (`mlstow … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const invocation = parse(commands, process.argv.slice(2), __MLSTOW_VERSION__, {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});

if (typeof invocation === 'number') {
  process.exitCode = invocation;
} else {
  const { execute } = await import('./cli/execute.ts');
  process.exitCode = await execute(invocation, {
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: systemClock,
    adopt: (env) => void Object.assign(process.env, { ...env, ...process.env }),
    inBackground: async (args) => {
      const { spawn } = await import('node:child_process');
      const program = process.argv[1] ?? '';
      spawn(process.execPath, [program, ...args], { detached: true, stdio: 'ignore' }).unref();
    },
    onSignal: (handle) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => handle(signal));
    },
    exit: (code) => process.exit(code),
  });
}
