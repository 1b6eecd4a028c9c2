import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import type { ArtifactPath, Under } from '../../../core/artifact-path.ts';
import type { BufferLender } from '../../../core/buffer-lender.ts';
import type { Io } from '../../../core/io.ts';
import { callFailure, type Asked } from './failures.ts';
import { exchange, type Exchanged } from './transport.ts';

/** One root in a container. */
export interface Root {
  readonly container: ContainerClient;
  /** The variable or class that says who asks, for messages. */
  readonly source: string;
  readonly settings: readonly string[];
  /** Redacted URI of the root. */
  readonly label: string;
  /** Name of the root blob without a slash at the end; '' for the whole container. */
  readonly prefix: string;
  /** What was learned of the container; roots of one container share it. */
  readonly known: { answered: boolean; /** Whether it takes no batches. */ batchless?: boolean };
  /** Holds bodies between their digest and the wire. */
  readonly lender: BufferLender;
}

/** The name of the blob of a path. */
export function nameOf(root: Root, path: ArtifactPath): string {
  return root.prefix === '' ? path : `${root.prefix}/${path}`;
}

/** What every blob below a path starts with; '' for the whole container. */
export function folderOf(root: Root, under: Under): string {
  const name = under === '' ? root.prefix : nameOf(root, under);
  return name === '' ? '' : `${name}/`;
}

/** Redacted URI of a path, for messages. */
export function subjectOf(root: Root, path: Under): string {
  return path === '' ? root.label : `${root.label.replace(/\/$/, '')}/${path}`;
}

/** The SDK's client of a path's blob. */
export function blobOf(root: Root, path: ArtifactPath): BlockBlobClient {
  return root.container.getBlockBlobClient(nameOf(root, path));
}

/** What is asked of a path, for messages. */
export function askedOf(root: Root, path: Under, doing: string): Asked {
  const { source, settings, container } = root;
  const host = new URL(container.url).host;
  return {
    doing,
    subject: subjectOf(root, path),
    source,
    settings,
    host,
    container: container.containerName,
  };
}

/**
 * One call of the SDK about a path.
 * @throws Failure as `callFailure` maps what the service refuses, and those of Net
 */
export async function call<T>(
  root: Root,
  path: Under,
  doing: string,
  io: Io,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<Exchanged<T>> {
  const done = await exchange(io, ask, (answer, thrown) =>
    callFailure(askedOf(root, path, doing), answer, thrown),
  );
  if (!root.known.answered) {
    root.known.answered = true;
    io.trace?.('credentials', { store: root.label, source: root.source });
  }
  return done;
}
