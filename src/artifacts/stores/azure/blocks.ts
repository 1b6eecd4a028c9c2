import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { Io } from '../../../core/io.ts';
import type { Receipt } from '../../store.ts';
import { isNoBlob } from './failures.ts';
import { blobOf, call, type Root } from './root.ts';

/** Bytes of a block's id before base64: as long as MLflow's `mlflow_block_00001`, since one blob's ids must be alike. */
const ID_BYTES = 18;
const NUMBER_DIGITS = 5;
/** Characters of an upload's token. */
export const TOKEN_LENGTH = ID_BYTES - NUMBER_DIGITS;

const OURS = /^([0-9a-f]{13})(\d{5})$/;

/** The id of a block: the same for whoever knows the upload's token. */
export function blockId(token: string, number: number): string {
  return Buffer.from(`${token}${String(number).padStart(NUMBER_DIGITS, '0')}`).toString('base64');
}

/** A block that was put and not committed. */
export interface WaitingBlock {
  readonly id: string;
  /** Bytes. */
  readonly size: number;
  /** Upload and part, when the id is one of ours. */
  readonly of?: { readonly token: string; readonly number: number };
}

function blockOf(id: string, size: number): WaitingBlock {
  const [, token, number] = OURS.exec(Buffer.from(id, 'base64').toString('latin1')) ?? [];
  const of = token === undefined || number === undefined ? {} : { of: { token, number: Number(number) } };
  return { id, size, ...of };
}

/**
 * Get Block List: https://learn.microsoft.com/rest/api/storageservices/get-block-list
 * A blob without any block, or none at all, has none that wait.
 */
export async function waitingBlocks(
  root: Root,
  path: ArtifactPath,
  io: Io,
): Promise<readonly WaitingBlock[]> {
  try {
    const { value } = await call(root, path, 'look at the parts of', io, async (abortSignal) =>
      blobOf(root, path).getBlockList('uncommitted', { abortSignal }),
    );
    return (value.uncommittedBlocks ?? []).map(({ name, size }) => blockOf(name, size));
  } catch (thrown) {
    if (isNoBlob(thrown)) return [];
    throw thrown;
  }
}

/** The parts of one upload among the blocks that wait, by number. The service tells no digest of them. */
export function receiptsAmong(
  blocks: readonly WaitingBlock[],
  token: string,
  partBytes: number,
): readonly Receipt[] {
  return blocks
    .flatMap(({ id, size, of }): Receipt[] =>
      of?.token === token ? [{ number: of.number, offset: (of.number - 1) * partBytes, size, tag: id }] : [],
    )
    .sort((a, b) => a.number - b.number);
}
