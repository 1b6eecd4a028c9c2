import { describe, expect, it } from 'vitest';
import { exitCodeOf, Failure, type FailureKind } from '../../../src/core/failure.ts';
import { failureOf, MOST_LOST, type Report } from '../../../src/transfer/report.ts';
import { createRecord } from '../../../src/transfer/run/record.ts';
import { io, watch } from './rig.ts';

const failure = (kind: FailureKind): Failure =>
  new Failure({ kind, message: `it is ${kind}`, subject: 'x', hint: 'try' });

function report(files: number, ...kinds: readonly FailureKind[]): Report {
  const observer = watch();
  const record = createRecord(observer, io);
  for (let i = 0; i < files; i += 1) record.done({ path: `m${i}`, local: `m${i}`, bytes: 1, proof: 'size' });
  for (const [i, kind] of kinds.entries())
    record.failed({ path: `l${i}`, local: `l${i}`, failure: failure(kind) });
  return record.report();
}

describe('how a transfer of several files ends', () => {
  it.each([
    ['all arrived', report(3), undefined],
    ['nothing to do', report(0), undefined],
    ['the only one failed', report(0, 'denied'), 6],
    ['some arrived', report(1, 'denied', 'denied'), 4],
    ['none arrived, one cause', report(0, 'not-found', 'not-found'), 5],
    ['none arrived, causes with one code', report(0, 'denied', 'unauthenticated'), 6],
    ['none arrived, causes with two codes', report(0, 'denied', 'not-found'), 4],
    ['cancelled', report(5, 'denied', 'cancelled', 'deadline'), 130],
    ['past the deadline', report(5, 'denied', 'deadline'), 7],
    ['stopped between two files', { ...report(5, 'denied'), stopped: failure('cancelled') }, 130],
  ])('%s', (_what, ended, code) => {
    const found = failureOf(ended, 's3://b');
    expect(found && exitCodeOf(found.kind)).toBe(code);
  });

  it('counts, names the first cause and keeps its hint', () => {
    const found = failureOf(report(2, 'denied', 'not-found'), 's3://b');
    expect(found?.message).toBe('2 of 4 files failed at s3://b; the first: it is denied');
    expect(found?.facts.hint).toBe('try');
  });

  it('names the first losses only, and counts all', () => {
    const ended = report(1, ...Array.from({ length: MOST_LOST + 5 }, () => 'denied' as const));
    expect([ended.lost.length, ended.failed]).toEqual([MOST_LOST, MOST_LOST + 5]);
    expect(failureOf(ended, 's3://b')?.message).toContain(
      `${MOST_LOST + 5} of ${MOST_LOST + 6} files failed`,
    );
  });
});
