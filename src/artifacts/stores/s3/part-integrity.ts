import { isCombinable, type Combinable } from '../../../core/crc-combine.ts';
import type { Checksum } from '../../../core/checksum.ts';
import type { Receipt } from '../../store.ts';
import { wholeCrc } from '../../whole-crc.ts';
import { toBase64, type Algorithm } from './digest.ts';
import type { Root } from './root.ts';
import { rulesOf } from './write.ts';
import { textOf, type Element } from './xml.ts';

/**
 * The checksum that every part of an upload carries. `whole`: the server makes one of the whole object of them
 * (`FULL_OBJECT`), which whoever reads it can check:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export interface PartIntegrity {
  readonly algorithm: Algorithm;
  readonly whole: boolean;
}

/** What is asked for when an upload begins; `optional` where nobody needs it, so that a server may refuse it. */
export interface Wanted extends PartIntegrity {
  readonly optional: boolean;
}

/** The algorithm that costs least here, of those that make a checksum of the whole. */
const CHEAPEST = 'crc32';

/** What an upload to this root asks for. */
export function wantedOf(root: Root): Wanted | undefined {
  const needed = rulesOf(root).integrity.find((algorithm) => algorithm !== 'md5');
  if (needed) {
    const isOther = root.extra.finish['x-amz-checksum-type'] === 'COMPOSITE';
    return { algorithm: needed, whole: isCombinable(needed) && !isOther, optional: false };
  }
  return root.mayCheckParts ? { algorithm: CHEAPEST, whole: true, optional: true } : undefined;
}

/** Headers of CreateMultipartUpload. */
export function wantedHeaders(wanted: Wanted | undefined): Record<string, string> {
  if (!wanted) return {};
  return {
    'x-amz-checksum-algorithm': wanted.algorithm.toUpperCase(),
    ...(wanted.whole ? { 'x-amz-checksum-type': 'FULL_OBJECT' } : {}),
  };
}

/** What a server agreed to; one that says nothing knows no checksums, or (MinIO before 2025) only those of the parts. */
export function agreedOn(
  wanted: Wanted | undefined,
  told: { readonly algorithm: string | undefined; readonly type: string | undefined },
): PartIntegrity | undefined {
  const algorithm = told.algorithm?.toLowerCase();
  if (wanted === undefined || (wanted.optional && algorithm !== wanted.algorithm)) return undefined;
  return { algorithm: wanted.algorithm, whole: wanted.whole && told.type === 'FULL_OBJECT' };
}

/** What ListParts tells of an upload that is taken up again. */
export function agreedBefore(root: Root, answer: Element): PartIntegrity | undefined {
  const told = { algorithm: textOf(answer, 'ChecksumAlgorithm'), type: textOf(answer, 'ChecksumType') };
  return agreedOn(wantedOf(root), told);
}

/** The checksum of the whole object, where the parts' checksums make one. */
export function wholeOf(
  agreed: PartIntegrity | undefined,
  receipts: readonly Receipt[],
): Checksum | undefined {
  if (agreed?.whole !== true || !isCombinable(agreed.algorithm)) return undefined;
  const algorithm: Combinable = agreed.algorithm;
  const value = wholeCrc(algorithm, receipts);
  return value === undefined ? undefined : { algorithm, value, scope: 'whole' };
}

/** Headers of CompleteMultipartUpload, by which the server compares what it made with what was sent. */
export function wholeHeaders(whole: Checksum | undefined): Record<string, string> {
  if (!whole) return {};
  return {
    'x-amz-checksum-type': 'FULL_OBJECT',
    [`x-amz-checksum-${whole.algorithm}`]: toBase64(whole.value),
  };
}
