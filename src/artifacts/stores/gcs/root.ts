import type { ArtifactPath, Under } from '../../../core/artifact-path.ts';
import type { BufferLender } from '../../../core/buffer-lender.ts';
import type { Location } from '../../../core/location.ts';
import type { BucketClient } from './client.ts';

/** One root in a bucket. */
export interface Root {
  readonly client: BucketClient;
  /** Redacted URI of the root. */
  readonly label: string;
  /** Name of the root without a slash at the end; '' for the whole bucket. */
  readonly prefix: string;
  /** Holds bodies between their digest and the wire. */
  readonly lender: BufferLender;
  /** Bytes of one sent chunk: a multiple of 256 KiB. */
  readonly uploadChunkBytes: number;
  /** Bytes of one range that is read. */
  readonly downloadChunkBytes: number;
}

/** The name of a location's root. */
export function prefixOf(location: Location): string {
  return location.path.replace(/\/+$/, '');
}

/** The object name of a path. */
export function keyOf(root: Root, path: ArtifactPath): string {
  return root.prefix === '' ? path : `${root.prefix}/${path}`;
}

/** What every object name below a path starts with; '' for the whole bucket. */
export function folderOf(root: Root, under: Under): string {
  const key = under === '' ? root.prefix : keyOf(root, under);
  return key === '' ? '' : `${key}/`;
}

/** Redacted URI of a path, for messages. */
export function subjectOf(root: Root, path: Under): string {
  return path === '' ? root.label : `${root.label.replace(/\/$/, '')}/${path}`;
}

type Query = Readonly<Record<string, string>>;

function urlOf({ endpoint }: BucketClient, path: string, query: Query): URL {
  const search = Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return new URL(`${endpoint}${path}${search === '' ? '' : `?${search}`}`);
}

/** The objects of the bucket, as a collection. */
export function objectsUrl({ client }: Root, query: Query): URL {
  return urlOf(client, `/storage/v1/b/${encodeURIComponent(client.bucket)}/o`, query);
}

/** One object; its name is one segment, encoded once: https://cloud.google.com/storage/docs/request-endpoints#encoding */
export function objectUrl({ client }: Root, key: string, query: Query): URL {
  const place = `/storage/v1/b/${encodeURIComponent(client.bucket)}/o/${encodeURIComponent(key)}`;
  return urlOf(client, place, query);
}

/** Where uploads begin. */
export function uploadUrl({ client }: Root, query: Query): URL {
  return urlOf(client, `/upload/storage/v1/b/${encodeURIComponent(client.bucket)}/o`, query);
}
