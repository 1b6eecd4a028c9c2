import type { Under } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { readText } from '../../../net/read-body.ts';
import type { Incomplete, Unfinished } from '../../store.ts';
import { codeOf } from './failures.ts';
import { decoder, pathOf } from './list.ts';
import { giveUp } from './multipart.ts';
import { folderOf, keyOf, subjectOf, type Root } from './root.ts';
import { childrenOf, parseDocument, textOf, type Element } from './xml.ts';

/** Bytes of the largest answer: MinIO tells all uploads of a bucket in one. */
const MAX_XML_BYTES = 64 * 1024 * 1024;

interface Page {
  readonly uploads: readonly Unfinished[];
  readonly next?: { readonly key: string; readonly id: string };
  readonly minio: boolean;
}

function nextOf(answer: Element, decode: (text: string) => string, last: string | undefined): Page['next'] {
  if (textOf(answer, 'IsTruncated') !== 'true') return undefined;
  const id = textOf(answer, 'NextUploadIdMarker') ?? '';
  // MinIO tells no key when it lists those of one key.
  const key = decode(textOf(answer, 'NextKeyMarker') ?? '') || last;
  return key === undefined ? undefined : { key, id };
}

function unfinishedOf(root: Root, upload: Element, key: string): Unfinished {
  const started = textOf(upload, 'Initiated');
  return {
    path: pathOf(root, key),
    token: textOf(upload, 'UploadId') ?? '',
    ...(started === undefined ? {} : { started: new Date(started) }),
  };
}

async function pageOf(
  root: Root,
  under: Under,
  ask: { readonly prefix: string; readonly keep: (key: string) => boolean; readonly after: Page['next'] },
  io: Io,
): Promise<Page> {
  const subject = subjectOf(root, under);
  const after = ask.after
    ? { 'key-marker': ask.after.key, ...(ask.after.id === '' ? {} : { 'upload-id-marker': ask.after.id }) }
    : {};
  const query = { uploads: '', 'encoding-type': 'url', prefix: ask.prefix, ...after };
  const doing = 'list the unfinished uploads of';
  const response = await root.client.send({ method: 'GET', doing, subject, query }, io);
  const answer = parseDocument(await readText(response, MAX_XML_BYTES), subject).root;
  const decode = decoder(answer, subject);
  const all = childrenOf(answer, 'Upload').map((upload) => ({
    upload,
    key: decode(textOf(upload, 'Key') ?? ''),
  }));
  const uploads = all
    .filter(({ key }) => ask.keep(key))
    .map(({ upload, key }) => unfinishedOf(root, upload, key));
  const next = nextOf(answer, decode, all.at(-1)?.key);
  if (next?.key === ask.after?.key && next?.id === ask.after?.id && next) throw endless(subject);
  return {
    uploads,
    // Keys come in order: where the last one is not wanted after wanted ones, none of the next is.
    ...(next && ask.keep(next.key) ? { next } : {}),
    minio: response.headers['server'] === 'MinIO',
  };
}

function endless(subject: string): Failure {
  const message = `the list of the unfinished uploads of ${subject} does not go on`;
  return new Failure({ kind: 'corrupt', message, subject });
}

/** versitygw refuses the second half of the marker that it gave. */
function refusesMarker(thrown: unknown, after: Page['next']): boolean {
  return after !== undefined && after.id !== '' && codeOf(thrown) === 'InvalidArgument';
}

async function* uploadsAt(
  root: Root,
  under: Under,
  ask: { readonly prefix: string; readonly keep: (key: string) => boolean },
  io: Io,
): AsyncGenerator<readonly Unfinished[], void> {
  let prefix = ask.prefix;
  let told: readonly Unfinished[] = [];
  for (let after: Page['next']; ;) {
    let page: Page;
    try {
      page = await pageOf(root, under, { ...ask, prefix, after }, io);
    } catch (thrown) {
      if (!after || !refusesMarker(thrown, after)) throw thrown;
      const { key } = after;
      const known = new Set(told.map(({ token }) => token));
      for await (const same of uploadsAt(root, under, { prefix: key, keep: (each) => each === key }, io)) {
        yield same.filter(({ token }) => !known.has(token));
      }
      after = { key, id: '' };
      continue;
    }
    if (page.minio && prefix.endsWith('/')) {
      prefix = '';
      continue;
    }
    told = page.uploads;
    if (told.length > 0) yield told;
    if (!page.next) return;
    after = page.next;
  }
}

/**
 * ListMultipartUploads, first of the key itself and then of all keys below it:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
 *
 * MinIO answers a prefix with the uploads of exactly that key only, and the empty prefix with those of the whole bucket
 * that were begun since it started, as the asked node knows them. So there the uploads of a path itself are always
 * found, those below it are looked for in the whole bucket, and one that is older than the server's start is found only
 * by its own path; MinIO removes it by itself after a day.
 */
export function incompleteOf(root: Root): Incomplete {
  return {
    list: async function* (under, io) {
      if (under !== '') {
        const itself = keyOf(root, under);
        yield* uploadsAt(root, under, { prefix: itself, keep: (key) => key === itself }, io);
      }
      const folder = folderOf(root, under);
      yield* uploadsAt(root, under, { prefix: folder, keep: (key) => key.startsWith(folder) }, io);
    },
    discard: async ({ path, token }, io) => giveUp({ root, path, id: token }, io),
  };
}
