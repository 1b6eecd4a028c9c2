import { parseArtifactPath, type Under } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';

/** A path as a user types it: a trailing slash and `.` name the same place. */
export function readPath(typed: string | undefined): Under {
  const bare = (typed ?? '').replace(/\/+$/, '').replace(/^(\.\/+)+/, '');
  if (typed?.startsWith('/')) {
    throw new Failure({
      kind: 'usage',
      message: `the artifact path ${typed} starts with a slash`,
      hint: 'artifact paths are relative to the artifact root of the run',
      subject: typed,
    });
  }
  return bare === '' || bare === '.' ? '' : parseArtifactPath(bare);
}
