import type { ArtifactPath, Under } from '../../../core/artifact-path.ts';
import type { BufferLender } from '../../../core/buffer-lender.ts';
import { Failure } from '../../../core/failure.ts';
import type { Location } from '../../../core/location.ts';
import type { BucketClient } from './client.ts';
import type { Algorithm } from './digest.ts';
import type { ExtraHeaders } from './extra-args.ts';

/** One root in a bucket, and how objects are written there. */
export interface Root {
  readonly client: BucketClient;
  /** Redacted URI of the root. */
  readonly label: string;
  /** Key of the root without a slash at the end; '' for the whole bucket. */
  readonly prefix: string;
  readonly extra: ExtraHeaders;
  /** The digest that travels with every upload. */
  readonly integrity: Algorithm;
  /** Whether parts may carry a checksum that nobody asked for, where the server takes it. */
  readonly mayCheckParts: boolean;
  /** Holds bodies between their digest and the wire. */
  readonly lender: BufferLender;
}

/**
 * The key of a location's root: the path up to a `?` or `#`, as MLflow's S3 store reads it.
 * @throws Failure misconfigured: a path whose `.` or `..` no URL can carry
 */
export function prefixOf(location: Location): string {
  const prefix = location.path.replace(/[?#].*$/s, '').replace(/\/+$/, '');
  if (!prefix.split('/').some((segment) => segment === '.' || segment === '..')) return prefix;
  throw new Failure({
    kind: 'misconfigured',
    message: `${location.redacted} has a "." or ".." segment, which an S3 key cannot be asked for`,
    subject: location.redacted,
    hint: 'name the root without it',
  });
}

/** The key of a path. */
export function keyOf(root: Root, path: ArtifactPath): string {
  return root.prefix === '' ? path : `${root.prefix}/${path}`;
}

/** What every key below a path starts with; '' for the whole bucket. */
export function folderOf(root: Root, under: Under): string {
  const key = under === '' ? root.prefix : keyOf(root, under);
  return key === '' ? '' : `${key}/`;
}

/** Redacted URI of a path, for messages. */
export function subjectOf(root: Root, path: Under): string {
  return path === '' ? root.label : `${root.label.replace(/\/$/, '')}/${path}`;
}
