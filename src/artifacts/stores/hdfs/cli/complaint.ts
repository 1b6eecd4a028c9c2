import { Failure, type FailureKind } from '../../../../core/failure.ts';
import type { Asked } from '../failures.ts';
import type { Ended } from './run-shell.ts';

/**
 * What the command ends its complaints with (`PathIOException` and its kin): all that it tells, since its exit code is 1
 * for everything. The words are fixed in its source and not translated.
 */
const BY_WORDS: readonly (readonly [RegExp, FailureKind])[] = [
  [/No such file or directory$/, 'not-found'],
  [/File exists$/, 'exists'],
  [/Is a directory$/, 'wrong-kind'],
  [/Is not a directory$|\(is not a directory\)/, 'wrong-kind'],
  [/Directory is not empty$/, 'conflict'],
  [/^Permission denied/, 'denied'],
  [/quota/i, 'no-space'],
];

/** Whether a complaint says that what is above a path is a file: so nothing is there. */
export function isBelowFile(complaint: string): boolean {
  return complaint.includes('(is not a directory)');
}

/**
 * What was complained of one path: it is named in quotes, or what is above it is (`inode="/a"` where a directory may not be
 * entered).
 */
export function complaintAbout(complaints: readonly string[], uri: string): string | undefined {
  const path = uri.replace(/^\w+:\/\/[^/]*/, '');
  return complaints.find((each) => {
    if (each.includes(`\`${uri}'`) || each.includes(`\`${path}'`) || each.includes(`"${path}"`)) return true;
    const inode = /inode="([^"]+)"/.exec(each)?.[1];
    return inode !== undefined && path.startsWith(`${inode.replace(/\/$/, '')}/`);
  });
}

/** Of a line that is shown, in characters. */
const MAX_LINE = 300;

/** The kind of a complaint; a cluster that cannot be reached is what is left. */
export function kindOf(complaint: string): FailureKind {
  return BY_WORDS.find(([words]) => words.test(complaint))?.[1] ?? 'unavailable';
}

/** A command that did not do what it was to, by its last complaint. */
export function complaintFailure(ended: Ended, { doing, subject }: Asked): Failure {
  const complaint =
    ended.complaints.at(-1) ??
    `the hdfs command ended with ${ended.code ?? 'a signal'}: ${ended.lastLine.slice(0, MAX_LINE)}`;
  const kind = kindOf(complaint);
  return new Failure({
    kind,
    message: `cannot ${doing} ${subject}: ${complaint}`,
    subject,
    ...(kind === 'unavailable' ? { retry: 'later', effect: 'unknown' } : {}),
    ...(kind === 'denied'
      ? { hint: 'act as another user: HADOOP_USER_NAME, or a Kerberos ticket (kinit)' }
      : {}),
  });
}
