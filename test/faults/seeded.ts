import { crc32 } from 'node:zlib';

/** mulberry32: numbers in [0, 1), small, the same for the same seed, good enough to pick moments. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SEED = Number(process.env['MLSTOW_FAULT_SEED'] ?? 20_261_122);

/** Runs an attempt again and again, each with random numbers of its own; a failure tells what to set to have it again. */
export async function atRandom(
  name: string,
  turns: number,
  attempt: (random: () => number, turn: number) => Promise<void>,
): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    const own = crc32(name, SEED + turn);
    await told({ turn, MLSTOW_FAULT_SEED: SEED }, async () => attempt(seeded(own), turn));
  }
}

/** Runs an attempt; what it fails with says also what was tried. */
export async function told(tried: object, attempt: () => Promise<void>): Promise<void> {
  try {
    await attempt();
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(`${JSON.stringify(tried)}: ${why}`, { cause: thrown });
  }
}
