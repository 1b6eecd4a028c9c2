import fc from 'fast-check';
import { type ArtifactPath, parseArtifactPath, unsafeReason } from '../../../src/core/artifact-path.ts';

const odd = fc.constantFrom(
  '%',
  '%25',
  '%20',
  '%2e',
  '#',
  '?',
  ':',
  ';',
  ' ',
  '.',
  '..',
  '&',
  '+',
  '@',
  '~',
  'é',
  '模',
  '😀',
  '\uffee',
  'A',
  'b',
  '1',
);

/** Names as users give them: odd characters, percent signs, any script; never one that is refused. */
export const segments: fc.Arbitrary<string> = fc
  .oneof(
    fc.array(odd, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
    fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
    fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme-ascii' }),
  )
  .filter((segment) => !segment.includes('/') && unsafeReason(segment) === undefined);

/** Artifact paths of one to four such names. */
export const artifactPaths: fc.Arbitrary<ArtifactPath> = fc
  .array(segments, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'))
  .filter((path) => unsafeReason(path) === undefined)
  .map(parseArtifactPath);

/** The start of a location of every scheme; '' starts a plain path. */
export const LOCATION_ROOTS = [
  's3://bucket',
  'gs://bucket',
  'wasbs://c@acc.blob.core.windows.net',
  'abfss://fs@acc.dfs.core.windows.net',
  'r2://b@acc.r2.cloudflarestorage.com',
  'b2://b@s3.us-west-000.backblazeb2.com',
  'ftp://user:p%40ss@host:2121',
  'sftp://user@host',
  'hdfs://namenode:8020',
  'hdfs://',
  'viewfs://cluster',
  'mlflow-artifacts:',
  'mlflow-artifacts://host:5000',
  'http://host:5000',
  'https://user:pass@[::1]:8443',
  'runs:',
  'models:',
  'file:',
  'file://localhost',
  '',
] as const;

/** Whether a name can be part of a URI or local location: no control characters, backslashes or outer blanks. */
export function fitsLocation(name: string): boolean {
  return name.trim() === name && !Array.from(name).some((c) => c < ' ' || c === '\x7f' || c === '\\');
}
