import type { ArtifactPath } from './artifact-path.ts';

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):/;
/** Schemes that Python's urllib writes back with `//`, changing the name (`urllib.parse.uses_netloc`); `file` is refused. */
const REWRITTEN_SCHEMES = new Set(
  (
    'ftp http gopher nntp telnet imap wais file mms https shttp snews prospero rtsp rtsps rtspu rsync svn svn+ssh ' +
    'sftp nfs git git+ssh ws wss itms-services'
  ).split(' '),
);
const TEMPORARY = '.artifact.uploading.';

/** What stands at the start of a name and MLflow takes for a URI scheme that it writes in another way; usually nothing. */
export function rewrittenScheme(name: string): string | undefined {
  const scheme = SCHEME.exec(name)?.[1];
  return scheme !== undefined && (scheme !== scheme.toLowerCase() || REWRITTEN_SCHEMES.has(scheme))
    ? scheme
    : undefined;
}

function schemeTrouble(segment: string): string | undefined {
  const scheme = rewrittenScheme(segment);
  return scheme && `stock MLflow takes "${scheme}:" for a URI scheme and rewrites it`;
}

function hasControl(segment: string): boolean {
  return Array.from(segment).some((c) => c < ' ' || c === '\x7f');
}

function segmentTrouble(segment: string): string | undefined {
  if (segment.includes('#')) return 'stock MLflow refuses names with "#"';
  if (segment.includes('?')) return 'the stock client takes what follows "?" for a query';
  if (/%[0-9a-f]{2}/i.test(segment)) return 'stock MLflow percent-decodes the name';
  if (hasControl(segment)) return 'stock MLflow drops or rewrites control characters';
  if (segment.startsWith(' ')) return 'stock MLflow drops leading spaces';
  if (segment.endsWith(';')) return 'stock MLflow drops a trailing ";"';
  if (segment.includes('\\')) return 'stock MLflow on Windows takes "\\" for a separator';
  if (segment.startsWith(TEMPORARY)) return `stock MLflow hides names that start with "${TEMPORARY}"`;
  return schemeTrouble(segment);
}

/**
 * Why a stock MLflow server or client cannot address a name that mlstow stores, in one short clause; undefined when it
 * can. Each segment counts, because the stock client checks every listed name on its own.
 *
 * `root`: where the path starts. At the root of a server's artifact destination the first segment `skills` is reserved
 * (MLflow 3.18); below a run it is a name like any other.
 * @see mlflow/utils/uri.py `validate_path_is_safe`, mlflow/store/artifact/artifact_repo.py `verify_artifact_path`
 */
export function stockTrouble(path: ArtifactPath, root: 'run' | 'server' = 'run'): string | undefined {
  if (path.startsWith('..')) return 'stock MLflow refuses paths that start with ".."';
  const segments = path.split('/');
  if (root === 'server' && segments[0]?.toLowerCase() === 'skills') return 'stock MLflow reserves "skills"';
  for (const segment of segments) {
    const trouble = segmentTrouble(segment);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}
