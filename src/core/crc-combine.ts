/** Checksums whose value for a whole follows from those of its pieces. */
export type Combinable = 'crc32' | 'crc32c' | 'crc64nvme';

interface Rules {
  readonly bits: number;
  /** Reversed, as in `crc.ts`. */
  readonly polynomial: bigint;
}

const RULES: Readonly<Record<Combinable, Rules>> = {
  crc32: { bits: 32, polynomial: 0xedb88320n },
  crc32c: { bits: 32, polynomial: 0x82f63b78n },
  crc64nvme: { bits: 64, polynomial: 0x9a6c9329ac4bc9b5n },
};

/** Whether pieces' checksums of this algorithm can be combined. */
export function isCombinable(algorithm: string): algorithm is Combinable {
  return Object.hasOwn(RULES, algorithm);
}

/** The product of two polynomials modulo the CRC's, all reversed: the highest bit is x^0. */
function multiply(a: bigint, b: bigint, { bits, polynomial }: Rules): bigint {
  let product = 0n;
  let factor = b;
  for (let mask = 1n << BigInt(bits - 1); mask > 0n; mask >>= 1n) {
    if (a & mask) product ^= factor;
    factor = factor & 1n ? (factor >> 1n) ^ polynomial : factor >> 1n;
  }
  return product;
}

/** x^(8 × bytes) modulo the CRC's polynomial: what so many further bytes do to a checksum. */
function shiftOf(bytes: number, rules: Rules): bigint {
  const one = 1n << BigInt(rules.bits - 1);
  let power = one >> 1n;
  let shift = one;
  for (let exponent = BigInt(bytes) * 8n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) shift = multiply(power, shift, rules);
    power = multiply(power, power, rules);
  }
  return shift;
}

/**
 * The checksum of pieces laid end to end, from those of each (lower-case hex), as zlib's crc32_combine: nothing is read
 * again. Pieces of one length cost one multiplication each.
 * @see https://github.com/madler/zlib/blob/v1.3.1/crc32.c
 */
export function combineCrcs(
  algorithm: Combinable,
  pieces: Iterable<{ readonly value: string; readonly bytes: number }>,
): string {
  const rules = RULES[algorithm];
  let known: { readonly bytes: number; readonly shift: bigint } | undefined;
  let whole = 0n;
  for (const { value, bytes } of pieces) {
    if (known?.bytes !== bytes) known = { bytes, shift: shiftOf(bytes, rules) };
    whole = multiply(known.shift, whole, rules) ^ BigInt(`0x${value}`);
  }
  return whole.toString(16).padStart(rules.bits / 4, '0');
}
