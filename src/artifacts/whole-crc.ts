import { combineCrcs, type Combinable } from '../core/crc-combine.ts';
import type { Receipt } from './store.ts';

/** The checksum of the whole from those of its parts, which lie in this order; undefined when one of them tells none. */
export function wholeCrc(algorithm: Combinable, parts: readonly Receipt[]): string | undefined {
  const pieces = parts.flatMap(({ checksum, size }) =>
    checksum?.algorithm === algorithm ? [{ value: checksum.value, bytes: size }] : [],
  );
  return pieces.length < parts.length ? undefined : combineCrcs(algorithm, pieces);
}
