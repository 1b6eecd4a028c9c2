import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { asFailure, Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { discard } from '../../../net/read-body.ts';
import type { Removal, Undone } from '../../store.ts';
import { deleteObjects, payer } from './delete-objects.ts';
import { codeOf, refusalFailure } from './failures.ts';
import { hasChildren } from './list.ts';
import { folderOf, keyOf, subjectOf, type Root } from './root.ts';
import { askBucket, statObject } from './stat.ts';
import { childrenOf, fitsXml, textOf, type Element } from './xml.ts';

/** The most keys that DeleteObjects takes. */
export const REMOVE_BATCH = 1000;
const AT_ONCE = 8;

interface Target {
  readonly removal: Removal;
  readonly key: string;
}

type Outcome = Target | Undone;

async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  }
  return results;
}

function undone(root: Root, removal: Removal, kind: 'conflict' | 'changed', reason: string): Undone {
  const subject = subjectOf(root, removal.path);
  return { removal, failure: new Failure({ kind, message: `cannot remove ${subject}: ${reason}`, subject }) };
}

/** What a removal deletes, or why not; directories and versions need a look first. */
async function targetOf(root: Root, removal: Removal, io: Io): Promise<Outcome> {
  try {
    if (removal.kind === 'directory') {
      if (await hasChildren(root, removal.path, io))
        return undone(root, removal, 'conflict', 'it is not empty');
      return { removal, key: folderOf(root, removal.path) };
    }
    if (removal.version !== undefined) {
      const entry = await statObject(root, removal.path, io);
      if (entry && entry.version?.id !== removal.version.id) {
        return undone(root, removal, 'changed', 'it is another one by now');
      }
    }
    return { removal, key: keyOf(root, removal.path) };
  } catch (thrown) {
    return { removal, failure: asFailure(thrown, subjectOf(root, removal.path)) };
  }
}

function refusedOf(root: Root, answer: Element, targets: readonly Target[]): Undone[] {
  const byKey = new Map(targets.map((target) => [target.key, target.removal]));
  return childrenOf(answer, 'Error').flatMap((error) => {
    const code = textOf(error, 'Code') ?? '';
    const removal = byKey.get(textOf(error, 'Key') ?? '');
    if (code === 'NoSuchKey' || removal === undefined) return [];
    const asked = asking(root, removal.path);
    const message = textOf(error, 'Message') ?? '';
    return [{ removal, failure: refusalFailure(asked, { status: statusFor(code), code, message }) }];
  });
}

/** The status that a code of DeleteObjects would have had alone. */
export function statusFor(code: string): number {
  return code === 'InternalError' ? 500 : 400;
}

/** What a refusal is about. */
export function asking(root: Root, path: ArtifactPath, action = 's3:DeleteObject') {
  const { site } = root.client;
  const host = site.endpoint?.host ?? 'Amazon S3';
  const subject = subjectOf(root, path);
  return { doing: 'remove', subject, bucket: site.bucket, host, action };
}

async function removeOne(root: Root, { removal, key }: Target, io: Io): Promise<Undone[]> {
  try {
    const subject = subjectOf(root, removal.path);
    const response = await root.client.send(
      { method: 'DELETE', doing: 'remove', subject, key, headers: payer(root) },
      io,
    );
    discard(response);
    return [];
  } catch (thrown) {
    if (codeOf(thrown) === 'NoSuchKey') return [];
    return [{ removal, failure: asFailure(thrown, subjectOf(root, removal.path)) }];
  }
}

async function removeSingly(root: Root, targets: readonly Target[], io: Io): Promise<Undone[]> {
  return (await each(targets, async (target) => removeOne(root, target, io))).flat();
}

/** Stores without DeleteObjects, or that want a digest which we send already in the form they know. */
export function lacksBatches(thrown: unknown): boolean {
  const code = codeOf(thrown) ?? '';
  return ['NotImplemented', 'MissingContentMD5', 'MethodNotAllowed'].includes(code);
}

/** MinIO says of every single key that the signature is for another region. */
function isElsewhere({ failure }: Undone): boolean {
  return codeOf(failure) === 'AuthorizationHeaderMalformed';
}

async function removeTogether(root: Root, targets: readonly Target[], io: Io): Promise<Undone[]> {
  if (targets.length === 0) return [];
  try {
    const answer = await deleteObjects(root, targets, io);
    const undone = refusedOf(root, answer, targets);
    if (!undone.some(isElsewhere)) return undone;
    await askBucket(root, io);
    return refusedOf(root, await deleteObjects(root, targets, io), targets);
  } catch (thrown) {
    if (lacksBatches(thrown)) return removeSingly(root, targets, io);
    throw thrown;
  }
}

/**
 * DeleteObjects, with its answer's errors read one by one:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 */
export async function removeObjects(
  root: Root,
  batch: readonly Removal[],
  io: Io,
): Promise<readonly Undone[]> {
  if (batch.length > REMOVE_BATCH) {
    const message = `${batch.length} removals at once are more than ${REMOVE_BATCH}`;
    throw new Failure({ kind: 'usage', message, subject: root.label });
  }
  const outcomes = await each(batch, async (removal) => targetOf(root, removal, io));
  const early = outcomes.filter((outcome) => 'failure' in outcome);
  const targets = outcomes.filter((outcome) => 'key' in outcome);
  const together = targets.filter(({ key }) => fitsXml(key));
  const apart = targets.filter(({ key }) => !fitsXml(key));
  return [...early, ...(await removeTogether(root, together, io)), ...(await removeSingly(root, apart, io))];
}
