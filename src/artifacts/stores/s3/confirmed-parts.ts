import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { Checksum } from '../../../core/checksum.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Receipt } from '../../store.ts';
import { toHex } from './digest.ts';
import { bareTag } from './entry.ts';
import { keyOf, subjectOf, type Root } from './root.ts';
import { childrenOf, textOf, type Element } from './xml.ts';

/** The most parts that one ListParts tells. */
const PAGE = 1000;
const TOLD = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const;

/** An upload under way, and how large its parts are, in bytes. */
export interface Asked {
  readonly root: Root;
  readonly path: ArtifactPath;
  readonly id: string;
  readonly partBytes: number;
}

/** No ETag is taken for an MD5 here: under a KMS key it is none, which a list of parts does not tell. */
function checksumOf(part: Element): Checksum | undefined {
  for (const algorithm of TOLD) {
    const value = textOf(part, `Checksum${algorithm.toUpperCase()}`);
    if (value) return { algorithm, value: toHex(value), scope: 'whole' };
  }
  return undefined;
}

function receiptOf(part: Element, partBytes: number): Receipt {
  const number = Number(textOf(part, 'PartNumber'));
  const checksum = checksumOf(part);
  return {
    number,
    offset: (number - 1) * partBytes,
    size: Number(textOf(part, 'Size')),
    tag: bareTag(textOf(part, 'ETag') ?? ''),
    ...(checksum === undefined ? {} : { checksum }),
  };
}

async function pageOf({ root, path, id }: Asked, after: number, io: Io): Promise<Element> {
  const marker = after === 0 ? {} : { 'part-number-marker': String(after) };
  return root.client.ask(
    {
      method: 'GET',
      doing: 'look at the parts of',
      subject: subjectOf(root, path),
      key: keyOf(root, path),
      query: { uploadId: id, 'max-parts': String(PAGE), ...marker },
      headers: root.extra.access,
    },
    io,
  );
}

/**
 * ListParts, page by page, each shown to `look`, with the checksums that the server tells:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
 * @throws Failure not-found: the upload is finished, given up or expired (NoSuchUpload)
 */
export async function* confirmedParts(
  asked: Asked,
  io: Io,
  look: (answer: Element) => void = () => undefined,
): AsyncGenerator<readonly Receipt[]> {
  for (let last = 0; ;) {
    const answer = await pageOf(asked, last, io);
    look(answer);
    const receipts = childrenOf(answer, 'Part')
      .map((part) => receiptOf(part, asked.partBytes))
      .filter(({ number }) => number > last);
    if (receipts.length > 0) yield receipts;
    if (textOf(answer, 'IsTruncated') !== 'true') return;
    last = receipts.at(-1)?.number ?? endless(asked);
  }
}

function endless({ root, path }: Asked): never {
  const subject = subjectOf(root, path);
  const message = `the list of the parts of ${subject} goes on without telling any`;
  throw new Failure({ kind: 'corrupt', message, subject });
}
