import { createHash } from 'node:crypto';

/** The longest name that common file systems take, in bytes. */
const LONGEST = 255;

/** Ours of downloads, the older form of it, and MLflow's of an upload into a folder that is itself an artifact store. */
const PARTIAL = /^\..+\.[0-9a-f]{16}\.partial$|^\.mlstow-[0-9a-f]+\.partial$|^\.artifact\.uploading\./;

/** What the partial file is called that becomes `name`; `id` is 16 hex digits and belongs to one transfer. */
export function partialName(name: string, id: string): string {
  const plain = `.${name}.${id}.partial`;
  if (Buffer.byteLength(plain) <= LONGEST) return plain;
  const short = createHash('sha256').update(name).digest('hex').slice(0, 32);
  return `.${short}.${id}.partial`;
}

/** Whether a file of this name is left over from an interrupted transfer, of the given one where `id` is told. */
export function isPartialName(name: string, id?: string): boolean {
  return id === undefined ? PARTIAL.test(name) : name.startsWith('.') && name.endsWith(`.${id}.partial`);
}
