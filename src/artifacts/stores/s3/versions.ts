import type { ArtifactPath, Under } from '../../../core/artifact-path.ts';
import { asFailure, Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { discard } from '../../../net/read-body.ts';
import type { Kept, Unpurged, Versions } from '../../store.ts';
import { deleteObjects, payer, type Doomed } from './delete-objects.ts';
import { codeOf, refusalFailure } from './failures.ts';
import { versionsExpire } from './lifecycle.ts';
import { decoder, pathOf } from './list.ts';
import { asking, lacksBatches, statusFor } from './remove.ts';
import { folderOf, keyOf, subjectOf, type Root } from './root.ts';
import { childrenOf, fitsXml, textOf, type Element } from './xml.ts';

interface Marker {
  readonly key: string;
  readonly id: string;
}

/** GetBucketVersioning: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html */
async function areKept(root: Root, io: Io): Promise<boolean> {
  try {
    const answer = await root.client.ask(
      { method: 'GET', doing: 'ask for the versioning of', subject: root.label, query: { versioning: '' } },
      io,
    );
    // Suspended: what was written before stays when it is removed.
    return (textOf(answer, 'Status') ?? '') !== '';
  } catch (thrown) {
    if (codeOf(thrown) === 'NotImplemented' || codeOf(thrown) === 'VersioningNotConfigured') return false;
    throw thrown;
  }
}

function tokenOf({ key, versionId = 'null' }: Doomed): string {
  return JSON.stringify([key, versionId]);
}

function doomedBy({ token }: Kept): Doomed {
  const [key = '', versionId = 'null'] = JSON.parse(token) as readonly string[];
  return { key, versionId };
}

function keptOf(root: Root, item: Element, mark: boolean, decode: (text: string) => string): Kept {
  const key = decode(textOf(item, 'Key') ?? '');
  return {
    // Consoles mark a directory by an object whose name ends with a slash.
    path: pathOf(root, key.replace(/\/+$/, '')),
    token: tokenOf({ key, versionId: textOf(item, 'VersionId') || 'null' }),
    newest: textOf(item, 'IsLatest') === 'true',
    mark,
    bytes: Number(textOf(item, 'Size') ?? 0),
  };
}

function nextOf(answer: Element, decode: (text: string) => string, subject: string): Marker | undefined {
  if (textOf(answer, 'IsTruncated') !== 'true') return undefined;
  const key = textOf(answer, 'NextKeyMarker');
  if (key) return { key: decode(key), id: textOf(answer, 'NextVersionIdMarker') ?? '' };
  const message = `the listing of the versions of ${subject} breaks off without saying where`;
  throw new Failure({ kind: 'corrupt', message, subject });
}

/** ListObjectVersions: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
async function* pages(root: Root, under: Under, prefix: string, io: Io): AsyncGenerator<readonly Kept[]> {
  const subject = subjectOf(root, under);
  const ask = { versions: '', 'encoding-type': 'url', prefix };
  for (let after: Marker | undefined; ;) {
    const from = after
      ? { 'key-marker': after.key, ...(after.id === '' ? {} : { 'version-id-marker': after.id }) }
      : {};
    const answer = await root.client.ask(
      {
        method: 'GET',
        doing: 'list the versions of',
        subject,
        query: { ...ask, ...from },
        headers: payer(root),
      },
      io,
    );
    const decode = decoder(answer, subject);
    const found = (name: string, mark: boolean): readonly Kept[] =>
      childrenOf(answer, name).map((item) => keptOf(root, item, mark, decode));
    const page = [...found('Version', false), ...found('DeleteMarker', true)];
    if (page.length > 0) yield page;
    after = nextOf(answer, decode, subject);
    if (!after) return;
  }
}

/** Keys come in order: those of the object itself first, then those that begin like it. */
async function* ofObject(root: Root, path: ArtifactPath, io: Io): AsyncGenerator<readonly Kept[]> {
  const key = keyOf(root, path);
  for await (const page of pages(root, path, key, io)) {
    const own = page.filter((kept) => doomedBy(kept).key === key);
    if (own.length > 0) yield own;
    if (own.length < page.length) return;
  }
}

async function purgeOne(root: Root, kept: Kept, io: Io): Promise<readonly Unpurged[]> {
  const subject = subjectOf(root, kept.path);
  const { key, versionId = 'null' } = doomedBy(kept);
  try {
    const request = { method: 'DELETE', doing: 'remove a version of', subject, key } as const;
    discard(await root.client.send({ ...request, query: { versionId }, headers: payer(root) }, io));
    return [];
  } catch (thrown) {
    if (codeOf(thrown) === 'NoSuchVersion' || codeOf(thrown) === 'NoSuchKey') return [];
    return [{ kept, failure: asFailure(thrown, subject) }];
  }
}

async function purgeSingly(root: Root, batch: readonly Kept[], io: Io): Promise<readonly Unpurged[]> {
  const left: Unpurged[] = [];
  for (const kept of batch) left.push(...(await purgeOne(root, kept, io)));
  return left;
}

function refusedOf(root: Root, answer: Element, batch: readonly Kept[]): readonly Unpurged[] {
  const byToken = new Map(batch.map((kept) => [kept.token, kept]));
  return childrenOf(answer, 'Error').flatMap((error): readonly Unpurged[] => {
    const code = textOf(error, 'Code') ?? '';
    const [key = '', versionId = ''] = [textOf(error, 'Key'), textOf(error, 'VersionId')];
    const kept = byToken.get(tokenOf({ key, ...(versionId === '' ? {} : { versionId }) }));
    if (code === 'NoSuchKey' || code === 'NoSuchVersion' || !kept) return [];
    const asked = asking(root, kept.path, 's3:DeleteObjectVersion');
    const refusal = { status: statusFor(code), code, message: textOf(error, 'Message') ?? '' };
    return [{ kept, failure: refusalFailure(asked, refusal) }];
  });
}

async function purge(root: Root, batch: readonly Kept[], io: Io): Promise<readonly Unpurged[]> {
  const together = batch.filter((kept) => fitsXml(doomedBy(kept).key));
  const apart = batch.filter((kept) => !fitsXml(doomedBy(kept).key));
  const left = await purgeSingly(root, apart, io);
  if (together.length === 0) return left;
  try {
    const answer = await deleteObjects(root, together.map(doomedBy), io);
    return [...left, ...refusedOf(root, answer, together)];
  } catch (thrown) {
    if (lacksBatches(thrown)) return [...left, ...(await purgeSingly(root, together, io))];
    throw thrown;
  }
}

/** versitygw refuses the versions of an object of which nothing is left, as if they had never been. */
async function isGone(root: Root, { kept, failure }: Unpurged, io: Io): Promise<boolean> {
  if (codeOf(failure) !== 'InvalidArgument') return false;
  for await (const page of pages(root, kept.path, doomedBy(kept).key, io))
    if (page.some(({ token }) => token === kept.token)) return false;
  return true;
}

/** Versions of a bucket that keeps them. */
export function versionsOf(root: Root): Versions {
  return {
    kept: async (io) => areKept(root, io),
    expire: async (io) => versionsExpire(root, io),
    list: (under, io) => pages(root, under, folderOf(root, under), io),
    of: (path, io) => ofObject(root, path, io),
    purge: async (batch, io) => {
      const left: Unpurged[] = [];
      for (const each of await purge(root, batch, io)) if (!(await isGone(root, each, io))) left.push(each);
      return left;
    },
  };
}
