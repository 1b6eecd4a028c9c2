import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareEnvironment } from '../testbeds/bed.ts';
import { runCommand, type Finished } from '../testbeds/run-command.ts';
import { MLSTOW, type Place } from './mlstow-command.ts';

/** Mounts an empty file system over a folder, runs a command, and writes down what it left there. */
const HIDE = `
mount -t tmpfs -o "$1" none "$2" || exit 125
folder=$2 left=$3
shift 3
"$@"
code=$?
find "$folder" -mindepth 1 -printf '%P\\n' > "$left" || exit 125
exit $code
`;

/** What a command said, and every path that it left in the folder that only it saw. */
export interface Apart extends Finished {
  readonly left: readonly string[];
}

/**
 * Runs the built command in a mount namespace of its own, where `folder` is another, empty file system: as on another
 * machine, which has that folder but not what the server has in it. Nothing outside can see what it writes there.
 */
export async function runApart(
  folder: string,
  args: readonly string[],
  { cwd, env }: Place,
  mount: 'rw' | 'ro' = 'rw',
): Promise<Apart> {
  const notes = await mkdtemp(join(tmpdir(), 'mlstow-apart-'));
  const left = join(notes, 'left');
  // Others than root get a user namespace in which they may mount.
  const namespace = process.getuid?.() === 0 ? ['--mount'] : ['--mount', '--user', '--map-root-user'];
  try {
    const finished = await runCommand(
      'unshare',
      [...namespace, 'sh', '-c', HIDE, 'sh', mount, folder, left, process.execPath, MLSTOW, ...args],
      { cwd, env: { ...bareEnvironment(cwd), ...env } },
    );
    const paths = await readFile(left, 'utf8').catch(() => {
      throw new Error(`a mount namespace is needed here and cannot be made:\n${finished.stderr}`);
    });
    return { ...finished, left: paths.split('\n').filter((path) => path !== '') };
  } finally {
    await rm(notes, { recursive: true });
  }
}
