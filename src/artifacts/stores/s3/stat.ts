import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { NetResponse } from '../../../net/net.ts';
import { discard } from '../../../net/read-body.ts';
import type { Entry, Facts } from '../../store.ts';
import type { Call } from './client.ts';
import { entryOf } from './entry.ts';
import { refusesHeaders, statusOf } from './failures.ts';
import { keyOf, subjectOf, type Root } from './root.ts';

/** HeadBucket; a bucket that may not be looked at is a failure, not an absent one. */
export async function bucketFacts(root: Root, io: Io): Promise<Facts> {
  try {
    const call: Call = { method: 'HEAD', doing: 'look at', subject: `bucket ${root.client.site.bucket}` };
    const response = await root.client.send(call, io);
    discard(response);
    return { anchor: 'present' };
  } catch (thrown) {
    if (statusOf(thrown) === 404) return { anchor: 'absent' };
    throw thrown;
  }
}

/**
 * Asks the bucket a question whose refusal says why: it proves that the bucket exists and teaches its region.
 * @throws Failure not-found when it does not exist
 */
export async function askBucket(root: Root, io: Io): Promise<void> {
  const query = { 'list-type': '2', 'max-keys': '1' };
  try {
    await root.client.ask({ method: 'GET', doing: 'look at', subject: root.label, query }, io);
  } catch (thrown) {
    // A bucket that must not be listed exists.
    if (statusOf(thrown) !== 403 || !(thrown instanceof Failure) || thrown.kind !== 'denied') throw thrown;
  }
}

async function head(root: Root, path: ArtifactPath, io: Io): Promise<NetResponse> {
  const call: Call = {
    method: 'HEAD',
    doing: 'look at',
    subject: subjectOf(root, path),
    key: keyOf(root, path),
    headers: root.extra.access,
  };
  try {
    return await root.client.send(
      { ...call, headers: { ...call.headers, 'x-amz-checksum-mode': 'ENABLED' } },
      io,
    );
  } catch (thrown) {
    // Asking for the checksum of an encrypted object needs the right to decrypt; looking at it does not.
    if (statusOf(thrown) !== 403 && !refusesHeaders(thrown)) throw thrown;
    return root.client.send(call, io);
  }
}

/**
 * HeadObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 * @throws Failure not-found when the bucket does not exist
 */
export async function statObject(root: Root, path: ArtifactPath, io: Io): Promise<Entry | undefined> {
  let response;
  try {
    response = await head(root, path, io);
  } catch (thrown) {
    if (statusOf(thrown) !== 404) throw thrown;
    // Every success proves the bucket, so this is asked once.
    if (!root.client.seen()) await askBucket(root, io);
    return undefined;
  }
  discard(response);
  const size = response.headers['content-length'];
  return entryOf(path, response.headers, size === undefined ? undefined : Number(size));
}
