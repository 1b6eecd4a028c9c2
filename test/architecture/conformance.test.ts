import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROVEN } from '../conformance/artifact-store/cases/operations.ts';

const SUITE = join(import.meta.dirname, '../conformance/artifact-store');

it('every conformance case declares which operations it proves, and no other number does', () => {
  const cases = readdirSync(join(SUITE, 'cases')).map((name) => join(SUITE, 'cases', name));
  const text = [join(SUITE, 'suite.ts'), ...cases].map((file) => readFileSync(file, 'utf8')).join('\n');
  const numbers = [...text.matchAll(/[('`](\d+[a-z]?)\. /g)].map((match) => match[1] ?? '');
  expect(numbers.toSorted()).toEqual(Object.keys(PROVEN).toSorted());
});
