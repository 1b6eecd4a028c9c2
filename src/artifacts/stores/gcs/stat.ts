import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Entry, Facts } from '../../store.ts';
import { entryOf, FIELDS } from './entry.ts';
import { statusOf } from './failures.ts';
import { keyOf, objectsUrl, objectUrl, subjectOf, type Root } from './root.ts';

function noBucket(root: Root, cause: unknown): Failure {
  const { bucket, endpoint } = root.client;
  return new Failure(
    {
      kind: 'not-found',
      message: `bucket ${bucket} does not exist at ${new URL(endpoint).host}`,
      subject: root.label,
      hint: 'create the bucket, or check its name and gcs.apiEndpoint',
      settings: ['gcs.apiEndpoint'],
      vendor: { status: 404 },
    },
    cause,
  );
}

/** Looks at the bucket by listing one object, which needs no right to the bucket's own metadata. */
async function lookAtBucket(root: Root, io: Io): Promise<void> {
  const url = objectsUrl(root, { maxResults: '1', fields: 'items(name)' });
  try {
    await root.client.ask({ method: 'GET', doing: 'look at', subject: root.label, url }, io);
  } catch (thrown) {
    throw statusOf(thrown) === 404 ? noBucket(root, thrown) : thrown;
  }
}

/** Whether the bucket exists; one that may not be looked at is a failure, not an absent one. */
export async function bucketFacts(root: Root, io: Io): Promise<Facts> {
  try {
    await lookAtBucket(root, io);
    return { anchor: 'present' };
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.kind === 'not-found') return { anchor: 'absent' };
    throw thrown;
  }
}

/**
 * An absent object and an absent bucket are both told by 404; a success proves the bucket, so this is asked once.
 * @throws Failure not-found when the bucket does not exist
 */
export async function confirmBucket(root: Root, io: Io): Promise<void> {
  if (root.client.seen()) return;
  try {
    await lookAtBucket(root, io);
  } catch (thrown) {
    // A bucket that must not be listed exists.
    if (!(thrown instanceof Failure) || thrown.kind !== 'denied') throw thrown;
  }
}

/**
 * Objects: get. https://cloud.google.com/storage/docs/json_api/v1/objects/get
 * @throws Failure not-found when the bucket does not exist
 */
export async function statObject(root: Root, path: ArtifactPath, io: Io): Promise<Entry | undefined> {
  const url = objectUrl(root, keyOf(root, path), { fields: FIELDS });
  const subject = subjectOf(root, path);
  try {
    return entryOf(path, await root.client.ask({ method: 'GET', doing: 'look at', subject, url }, io));
  } catch (thrown) {
    if (statusOf(thrown) !== 404) throw thrown;
    await confirmBucket(root, io);
    return undefined;
  }
}
