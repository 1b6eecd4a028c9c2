import { lstat, readdir, realpath, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../../core/failure.ts';
import { errorCode, fileFailure } from '../layout.ts';

/** @throws Failure refused when a link is on the way to a folder: what is behind it is not ours to remove */
export async function refuseLinks(root: string, below: string): Promise<void> {
  const path = join(root, below);
  const real = await realpath(root).catch((thrown: unknown) => {
    throw fileFailure(thrown, root);
  });
  const found = await realpath(path).catch((thrown: unknown) => {
    throw fileFailure(thrown, path);
  });
  if (found === join(real, below)) return;
  throw new Failure({
    kind: 'refused',
    message: `${path} is reached through a link, which gc does not follow`,
    hint: `look at ${found}, and remove it by hand`,
    subject: path,
  });
}

/**
 * Removes a folder that holds nothing but folders; a link in its place is removed itself. Absent is done.
 * @throws Failure conflict when files are in it, denied
 */
export async function removeEmptyFolder(folder: string): Promise<void> {
  try {
    const facts = await lstat(folder);
    if (!facts.isDirectory()) {
      await unlink(folder);
      return;
    }
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) throw holdsFiles(folder, entry.name);
      await removeEmptyFolder(join(folder, entry.name));
    }
    await rmdir(folder);
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return;
    if (errorCode(thrown) === 'ENOTEMPTY') throw holdsFiles(folder, 'something new');
    throw fileFailure(thrown, folder);
  }
}

function holdsFiles(folder: string, name: string): Failure {
  return new Failure({
    kind: 'conflict',
    message: `${folder} holds files that are not where the record says (${name})`,
    hint: 'look whose they are, and remove them by hand or run gc again',
    subject: folder,
  });
}
