import { parseArtifactPath, type ArtifactPath, type Under } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { comparePaths } from '../../../core/order.ts';
import type { Entry } from '../../store.ts';
import { versionOf } from './entry.ts';
import { folderOf, keyOf, subjectOf, type Root } from './root.ts';
import { statObject } from './stat.ts';
import { childrenOf, textOf, type Element } from './xml.ts';

/** Sorts after every key that starts with what is before it. */
const LAST = '\u{10ffff}';

type Query = Readonly<Record<string, string>>;

async function page(root: Root, under: Under, query: Query, io: Io): Promise<Element> {
  return root.client.ask(
    {
      method: 'GET',
      doing: 'list',
      subject: subjectOf(root, under),
      query: { 'list-type': '2', 'encoding-type': 'url', ...query },
      headers: payer(root),
    },
    io,
  );
}

function payer(root: Root): Record<string, string> {
  const found = root.extra.access['x-amz-request-payer'];
  return found === undefined ? {} : { 'x-amz-request-payer': found };
}

/** Names travel percent-encoded, a space as `+`, when the answer says so; some servers do not. */
export function decoder(answer: Element, subject: string): (text: string) => string {
  if (textOf(answer, 'EncodingType') !== 'url') return (text) => text;
  return (text) => {
    if (!/[%+]/.test(text)) return text;
    try {
      return decodeURIComponent(text.replaceAll('+', ' '));
    } catch (thrown) {
      throw new Failure(
        { kind: 'corrupt', message: `the listing of ${subject} has a name that is not UTF-8`, subject },
        thrown,
      );
    }
  };
}

/** A name as it was listed, seen from the root; the layers refuse one that is not allowed. */
export function pathOf(root: Root, key: string): ArtifactPath {
  const top = root.prefix === '' ? '' : `${root.prefix}/`;
  return parseArtifactPath(key.startsWith(top) ? key.slice(top.length) : key);
}

function fileEntry(root: Root, item: Element, key: string): Entry {
  const modified = textOf(item, 'LastModified');
  return {
    path: pathOf(root, key),
    kind: 'file',
    size: Number(textOf(item, 'Size') ?? 0),
    ...(modified === undefined ? {} : { modified: new Date(modified) }),
    ...versionOf(textOf(item, 'ETag')),
    // The ETag is the MD5 only of objects that no KMS key encrypts, which a listing does not tell.
    checksums: [],
  };
}

/** Consoles and tools mark a directory by an object of no bytes whose name ends with a slash. */
function isMarker(key: string, folder: string, item: Element): boolean {
  return key === folder || (key.endsWith('/') && textOf(item, 'Size') === '0');
}

function entriesOf(root: Root, under: Under, answer: Element): Entry[] {
  const decode = decoder(answer, subjectOf(root, under));
  const folder = folderOf(root, under);
  const files = childrenOf(answer, 'Contents').flatMap((item) => {
    const key = decode(textOf(item, 'Key') ?? '');
    return isMarker(key, folder, item) ? [] : [fileEntry(root, item, key)];
  });
  const directories = childrenOf(answer, 'CommonPrefixes').map((item): Entry => {
    const key = decode(textOf(item, 'Prefix') ?? '');
    return { path: pathOf(root, key.replace(/\/$/, '')), kind: 'directory', checksums: [] };
  });
  if (directories.length === 0) return files;
  return [...files, ...directories].sort((a, b) =>
    comparePaths(a.path, b.path, a.kind === 'directory', b.kind === 'directory'),
  );
}

/** Whether anything is stored below a path. */
export async function hasChildren(root: Root, path: ArtifactPath, io: Io): Promise<boolean> {
  const folder = folderOf(root, path);
  const answer = await page(root, path, { prefix: folder, 'max-keys': '2' }, io);
  const decode = decoder(answer, subjectOf(root, path));
  return childrenOf(answer, 'Contents').some((item) => decode(textOf(item, 'Key') ?? '') !== folder);
}

/** The key to go on after: behind a whole directory when the entry was one. */
async function startAfter(root: Root, after: ArtifactPath, recursive: boolean, io: Io): Promise<string> {
  const key = keyOf(root, after);
  if (recursive || !(await hasChildren(root, after, io))) return key;
  return (await statObject(root, after, io)) ? key : `${key}/${LAST}`;
}

/**
 * Pages of ListObjectsV2: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 * @throws Failure invalid: a name that is not allowed as a path
 */
export async function* listPages(
  root: Root,
  under: Under,
  options: { readonly recursive: boolean; readonly after?: ArtifactPath },
  io: Io,
): AsyncGenerator<readonly Entry[]> {
  const { recursive, after } = options;
  const start = after === undefined ? {} : { 'start-after': await startAfter(root, after, recursive, io) };
  const ask: Query = { prefix: folderOf(root, under), ...(recursive ? {} : { delimiter: '/' }), ...start };
  for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
    const answer = await page(
      root,
      under,
      token === undefined ? ask : { ...ask, 'continuation-token': token },
      io,
    );
    const entries = entriesOf(root, under, answer);
    if (entries.length > 0) yield entries;
    const next = textOf(answer, 'NextContinuationToken');
    token = textOf(answer, 'IsTruncated') === 'true' ? next : undefined;
    if (token === undefined && textOf(answer, 'IsTruncated') === 'true') throw endless(root, under);
  }
}

function endless(root: Root, under: Under): Failure {
  const subject = subjectOf(root, under);
  return new Failure({
    kind: 'corrupt',
    message: `the listing of ${subject} breaks off without saying where`,
    subject,
  });
}
