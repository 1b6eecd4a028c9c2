const CRC32C_POLYNOMIAL = 0x82f63b78;
const CRC64NVME_POLYNOMIAL = 0x9a6c9329ac4bc9b5n;

function tableOf(polynomial: bigint): { readonly high: Uint32Array; readonly low: Uint32Array } {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    high[byte] = Number(value >> 32n);
    low[byte] = Number(value & 0xffffffffn);
  }
  return { high, low };
}

let crc32cTable: Uint32Array | undefined;
let crc64Table: ReturnType<typeof tableOf> | undefined;

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), continued from `value`. */
export function crc32c(chunk: Uint8Array, value = 0): number {
  crc32cTable ??= tableOf(BigInt(CRC32C_POLYNOMIAL)).low;
  const table = crc32cTable;
  let crc = ~value;
  // An index loop: iterators cost five times as much here.
  for (let i = 0; i < chunk.length; i += 1) {
    crc = (crc >>> 8) ^ (table[(crc ^ (chunk[i] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}

/** A 64-bit value as two unsigned halves. */
export interface Halves {
  readonly high: number;
  readonly low: number;
}

/** CRC-64/NVME (NVM Command Set specification 5.2.1.3.4; what S3 calls CRC64NVME), continued from `value`. */
export function crc64nvme(chunk: Uint8Array, value: Halves = { high: 0, low: 0 }): Halves {
  crc64Table ??= tableOf(CRC64NVME_POLYNOMIAL);
  const table = crc64Table;
  let high = ~value.high;
  let low = ~value.low;
  for (let i = 0; i < chunk.length; i += 1) {
    const index = (low ^ (chunk[i] as number)) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (table.low[index] as number);
    high = (high >>> 8) ^ (table.high[index] as number);
  }
  return { high: ~high >>> 0, low: ~low >>> 0 };
}
