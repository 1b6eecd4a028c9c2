/** Every scheme that mlstow understands; a plain path has the scheme `file`. */
export const SCHEMES = [
  's3',
  'r2',
  'b2',
  'gs',
  'wasbs',
  'abfss',
  'ftp',
  'sftp',
  'hdfs',
  'viewfs',
  'file',
  'mlflow-artifacts',
  'http',
  'https',
  'runs',
  'models',
] as const;
export type Scheme = (typeof SCHEMES)[number];

/** A parsed artifact URI. */
export interface Location {
  readonly scheme: Scheme;
  /** Between `//` and the path, as written: bucket, `container@host`, `user:pass@host:port`; empty when absent. */
  readonly authority: string;
  /**
   * For `file` a file-system path, decoded, absolute or relative. For every other scheme the text after the authority
   * exactly as stored, without its leading slash and without a trailing one.
   */
  readonly path: string;
  /** The URI with any password replaced by `***`; the only form that may be shown. */
  readonly redacted: string;
}
