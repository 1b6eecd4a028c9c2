import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rowsOf } from '../../scripts/conformance-rows.ts';
import { PROVEN } from '../conformance/artifact-store/cases/operations.ts';

const SUITE = join(import.meta.dirname, '../conformance/artifact-store');

it('every conformance case declares which operations it proves, and no other number does', () => {
  const cases = readdirSync(join(SUITE, 'cases')).map((name) => join(SUITE, 'cases', name));
  const text = [join(SUITE, 'suite.ts'), ...cases].map((file) => readFileSync(file, 'utf8')).join('\n');
  const numbers = [...text.matchAll(/[('`](\d+[a-z]?)\. /g)].map((match) => match[1] ?? '');
  expect(numbers.toSorted()).toEqual(Object.keys(PROVEN).toSorted());
});

it('a case counts once, and only when it passed with every value; a claim counts when its test passed', () => {
  const inBed = { ancestorTitles: ['artifact store contract: one'], meta: {} };
  const bed = { name: 'one', scheme: 's3', servers: ['server 1'], lacks: ['presign'] } as const;
  const claim = { bed: 'one', scheme: 's3', servers: ['server 1'], operations: ['read', 'presign'] } as const;
  const suite = [
    { ...inBed, title: '0. the bed tells the truth', status: 'passed', meta: { bed } },
    { ...inBed, title: '23. a part', status: 'passed' },
    { ...inBed, title: '32. a source that is short', status: 'passed' },
    { ...inBed, title: '32. a source that is long', status: 'failed' },
    { ...inBed, title: '33. 0 bytes', status: 'passed' },
    { ...inBed, title: '33. 1 bytes', status: 'passed' },
    { ancestorTitles: ['artifact store contract: two'], title: '22. a large', status: 'passed', meta: {} },
  ];
  const claims = [
    { ancestorTitles: [], title: 'is read', status: 'passed', meta: { proves: claim } },
    { ancestorTitles: [], title: 'is read', status: 'failed', meta: { proves: claim } },
    {
      ancestorTitles: [],
      title: 'of another server',
      status: 'passed',
      meta: { proves: { ...claim, servers: [] } },
    },
  ];
  const stamp = { date: '2026-01-02', commit: 'abc' };
  const files = [
    { name: 'suite.ts', assertionResults: suite },
    { name: 'claims.ts', assertionResults: claims },
  ];
  const both = { passed: 1, failed: 1 };
  expect(rowsOf(files, stamp)).toEqual([
    {
      ...{ scheme: 's3', store: 'one', servers: ['server 1'], files: ['suite.ts', 'claims.ts'], ...stamp },
      cells: { 'ranged read': { passed: 1, failed: 0 }, write: both, read: both, presign: both },
      lacks: ['presign'],
    },
    {
      ...{ scheme: 's3', store: 'one', servers: [], files: ['claims.ts'], ...stamp },
      cells: { read: { passed: 1, failed: 0 }, presign: { passed: 1, failed: 0 } },
      lacks: [],
    },
  ]);
});
