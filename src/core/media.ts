import { EXTENSIONS_BY_TYPE } from './media-types.ts';

/** Content type and encoding, as MLflow guesses them from the name. */
export interface Media {
  readonly type?: string;
  readonly encoding?: string;
}

const TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries(EXTENSIONS_BY_TYPE).flatMap(([type, extensions]) =>
    extensions.split(' ').map((extension) => [`.${extension}`, type] as const),
  ),
);
/** Case matters: `.Z` is compress, `.z` is nothing. */
const ENCODINGS: ReadonlyMap<string, string> = new Map([
  ['.gz', 'gzip'],
  ['.Z', 'compress'],
  ['.bz2', 'bzip2'],
  ['.xz', 'xz'],
  ['.br', 'br'],
]);
const SHORTHANDS: ReadonlyMap<string, string> = new Map([
  ['.svgz', '.svg.gz'],
  ['.tgz', '.tar.gz'],
  ['.taz', '.tar.gz'],
  ['.tz', '.tar.gz'],
  ['.tbz2', '.tar.bz2'],
  ['.txz', '.tar.xz'],
]);
/** What MLflow's HTTP client and server call text (mlflow/utils/mime_type_utils.py); case matters. */
const TEXT = new Set(
  (
    'txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv tsv md rst ipynb ' +
    'MLmodel mlproject'
  ).split(' '),
);

/** Python's `posixpath.splitext`: leading dots are no extension. */
function splitExtension(name: string): readonly [base: string, extension: string] {
  const dot = name.lastIndexOf('.');
  const onlyDotsBefore = /^\.*$/.test(name.slice(name.lastIndexOf('/') + 1, Math.max(dot, 0)));
  return dot <= name.lastIndexOf('/') || onlyDotsBefore ? [name, ''] : [name.slice(0, dot), name.slice(dot)];
}

/**
 * Content type and encoding by the name's extensions, as Python's `mimetypes.guess_type`, which MLflow's S3 store sends:
 * `a.tar.gz` is application/x-tar with gzip, `a.csv.gz` is text/csv with gzip. Unknown is absent. Python also reads the
 * machine's own `/etc/mime.types`, which knows more (webp, docx, gz); we do not, so the type never depends on the machine.
 */
export function mediaOf(name: string): Media {
  let [base, extension] = splitExtension(name);
  const long = SHORTHANDS.get(extension.toLowerCase());
  if (long !== undefined) [base, extension] = splitExtension(base + long);
  const encoding = ENCODINGS.get(extension);
  if (encoding !== undefined) extension = splitExtension(base)[1];
  const type = TYPES.get(extension.toLowerCase());
  return { ...(type === undefined ? {} : { type }), ...(encoding === undefined ? {} : { encoding }) };
}

/**
 * The content type that MLflow's HTTP client and server use (`_guess_mime_type`): text/plain for what people read, else
 * as `mediaOf`, else application/octet-stream.
 */
export function proxyTypeOf(name: string): string {
  const file = name.slice(name.lastIndexOf('/') + 1);
  const extension = splitExtension(file)[1].replaceAll('.', '');
  if (TEXT.has(extension === '' ? file : extension)) return 'text/plain';
  return mediaOf(file).type ?? 'application/octet-stream';
}
