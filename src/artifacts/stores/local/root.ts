import { mkdir, readdir, realpath } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { parentOf, type ArtifactPath, type Under } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import { codeOf, isAbsent, localFailure } from './failures.ts';

/** From `<root>/<experiment_id>/<run_id>/artifacts` up to what an administrator made. */
const LEVELS_ABOVE_A_RUN = 3;

/**
 * The directory that a store is a view of. The root itself may be a link; below it links are resolved, and what they
 * lead to must be below the root too (as `validate_path_within_directory` of MLflow).
 */
export class Root {
  readonly path: string;
  #real: string | undefined;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** For messages. */
  subject(path: Under): string {
    return join(this.path, path);
  }

  /** The root without links; undefined while it does not exist. */
  async real(): Promise<string | undefined> {
    this.#real ??= await this.#resolve('');
    return this.#real;
  }

  /**
   * Where a path really is; undefined when nothing is there.
   * @throws Failure denied when links lead out of the root
   */
  async realOf(path: Under): Promise<string | undefined> {
    const root = await this.real();
    if (root === undefined || path === '') return root;
    const found = await this.#resolve(path);
    if (found === undefined || found === root || found.startsWith(root.endsWith(sep) ? root : root + sep))
      return found;
    throw this.#leaves(path);
  }

  /**
   * Where the directory of a path really is, when no link is on the way to it; undefined when it is not there.
   * @throws Failure denied when the way leads through a link
   */
  async plainParent(path: ArtifactPath): Promise<string | undefined> {
    const parent = parentOf(path);
    const found = await this.realOf(parent);
    const root = await this.real();
    if (found === undefined || root === undefined || found === join(root, parent)) return found;
    throw this.#leaves(path);
  }

  /**
   * Makes a directory below the root, and the root.
   * @throws Failure denied (also when links lead out of the root), wrong-kind, no-space
   */
  async make(path: Under): Promise<string> {
    const there = await this.realOf(path);
    if (there !== undefined) return there;
    const subject = this.subject(path);
    try {
      if (path === '') await mkdir(this.path, { recursive: true });
      else await mkdir(join(await this.make(parentOf(path)), path.slice(path.lastIndexOf('/') + 1)));
    } catch (thrown) {
      const failure = localFailure(thrown, 'making the directory', subject);
      // Somebody else made it meanwhile, or a link that leads nowhere is in the way: the next look tells.
      if (failure.kind !== 'exists') throw failure;
    }
    const made = await this.realOf(path);
    if (made !== undefined) return made;
    throw new Failure({ kind: 'wrong-kind', message: `${subject} is a link that leads nowhere`, subject });
  }

  /**
   * Whether absence below this root means anything. It does when the root exists, or when what is nearest above it, at
   * most three levels up, is a directory with something in it. An unmounted mount point is an empty directory, and a
   * directory that an automounter took away leaves nothing near.
   */
  async isAnchored(): Promise<boolean> {
    let directory = this.path;
    for (let level = 0; level <= LEVELS_ABOVE_A_RUN; level += 1) {
      try {
        const names = await readdir(directory);
        return level === 0 || names.length > 0;
      } catch (thrown) {
        if (codeOf(thrown) === 'ENOTDIR') return false;
        if (!isAbsent(thrown)) throw localFailure(thrown, 'looking for', this.path);
      }
      directory = dirname(directory);
    }
    return false;
  }

  async #resolve(path: Under): Promise<string | undefined> {
    try {
      return await realpath(join(this.path, path));
    } catch (thrown) {
      if (isAbsent(thrown)) return undefined;
      throw localFailure(thrown, 'looking for', this.subject(path));
    }
  }

  #leaves(path: Under): Failure {
    const subject = this.subject(path);
    return new Failure({
      kind: 'denied',
      message: `${subject} is refused: a link on the way leads elsewhere`,
      hint: `name the place itself, inside ${this.path}`,
      subject,
    });
  }
}
