import { describe, expect, test } from 'vitest';
import { BROKEN_SET_UPS } from './broken-set-ups.ts';
import { doctorPlace, examine, type DoctorPlace, type Environment, type Told } from './doctor-place.ts';
import { followRemedy } from './follow-remedy.ts';
import type { BrokenSetUp } from './set-ups/broken-set-up.ts';

function environmentOf({ env = {} }: BrokenSetUp, place: DoctorPlace): Environment {
  return typeof env === 'function' ? env(place) : env;
}

async function mended(
  setUp: BrokenSetUp,
  told: Told,
  env: Environment,
  place: DoctorPlace,
): Promise<Environment> {
  const remedy = told.remedy ?? '';
  if (setUp.mend) {
    await setUp.mend(place, remedy);
    return env;
  }
  const { blanks = {} } = setUp;
  return followRemedy(remedy, env, place, typeof blanks === 'function' ? await blanks(place) : blanks);
}

describe('each broken set-up is told by its check, and its remedy, as it is written, mends it', () => {
  test.each(BROKEN_SET_UPS)('$id $level: $what', async (setUp) => {
    const { id, level, evidence, remedy, args = [] } = setUp;
    const place = await doctorPlace();
    await setUp.build?.(place);
    const env = environmentOf(setUp, place);
    const { items, code, stderr } = await examine(place, env, ['--only', id, ...args]);
    const [told, ...others] = items.filter((item) => item.level !== 'ok');
    expect(others, JSON.stringify(items)).toEqual([]);
    expect(told, JSON.stringify(items)).toMatchObject({ check: id, level });
    for (const part of evidence) expect(told?.evidence).toContain(part);
    for (const part of remedy) expect(told?.remedy).toContain(part);
    expect(code, stderr).toBe(level === 'fail' ? 3 : 0);
    expect(stderr).not.toContain('warning');
    if (!told) throw new Error('nothing was told');
    const after = await examine(place, await mended(setUp, told, env, place), ['--only', id, ...args]);
    expect(after.items.filter((item) => item.level !== 'ok')).toEqual([]);
    expect(after.code).toBe(0);
  });
});
