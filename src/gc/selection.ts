import { parseDuration } from '../core/duration.ts';
import { Failure } from '../core/failure.ts';
import type { Candidate } from '../tracking/collect.ts';
import type { Tags } from '../tracking/entities.ts';

/** A tag that keeps what carries it; any value unless one is given. */
export interface ProtectTag {
  readonly key: string;
  readonly value?: string;
}

/** What is asked to go. Every part narrows. */
export interface Selection {
  readonly runIds?: readonly string[];
  readonly modelIds?: readonly string[];
  readonly experimentIds?: readonly string[];
  /** ms */
  readonly olderThan?: number;
  readonly allDeleted: boolean;
  readonly includeUndated: boolean;
  readonly protect: readonly ProtectTag[];
}

/** The selectors as the command line gives them. */
export interface SelectionFlags {
  readonly runIds?: string | undefined;
  readonly loggedModelIds?: string | undefined;
  readonly experimentIds?: string | undefined;
  readonly olderThan?: string | undefined;
  readonly allDeleted: boolean;
  readonly includeUndated: boolean;
  readonly protectTag: readonly string[];
}

function empty(flag: string): Failure {
  return new Failure({
    kind: 'usage',
    message: `${flag} was given an empty value`,
    hint: 'if it comes from a shell variable, that variable is not set; nothing was looked at',
    subject: 'command line',
  });
}

function readIds(flag: string, text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const ids = text.split(',').map((id) => id.trim());
  if (ids.includes('')) throw empty(flag);
  return [...new Set(ids)];
}

/** Milliseconds of `--older-than`. @throws Failure usage for an empty or malformed value */
export function readAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text.trim() === '') throw empty('--older-than');
  try {
    return parseDuration(text);
  } catch (thrown) {
    throw thrown instanceof Failure ? thrown.with({ kind: 'usage' }) : thrown;
  }
}

function readProtectTag(text: string): ProtectTag {
  const equals = text.indexOf('=');
  const key = equals < 0 ? text : text.slice(0, equals);
  if (key.trim() === '') throw empty('--protect-tag');
  return equals < 0 ? { key } : { key, value: text.slice(equals + 1) };
}

/** @throws Failure usage for an empty value, a malformed age */
export function readSelection(flags: SelectionFlags): Selection {
  const runIds = readIds('--run-ids', flags.runIds);
  const modelIds = readIds('--logged-model-ids', flags.loggedModelIds);
  const experimentIds = readIds('--experiment-ids', flags.experimentIds);
  const olderThan = readAge(flags.olderThan);
  const { allDeleted, includeUndated } = flags;
  if (allDeleted && (runIds || modelIds || experimentIds)) {
    throw new Failure({
      kind: 'usage',
      message: '--all-deleted takes everything, and ids were given too',
      hint: 'leave out one of them',
      subject: 'command line',
    });
  }
  return {
    ...(runIds ? { runIds } : {}),
    ...(modelIds ? { modelIds } : {}),
    ...(experimentIds ? { experimentIds } : {}),
    ...(olderThan === undefined ? {} : { olderThan }),
    allDeleted,
    includeUndated,
    protect: flags.protectTag.map(readProtectTag),
  };
}

/** Whether anything is asked to go at all. */
export function selectsAnything(selection: Selection): boolean {
  return selection.allDeleted || selection.olderThan !== undefined || hasIds(selection);
}

/** Whether ids say what is to go. */
export function hasIds({ runIds, modelIds, experimentIds }: Selection): boolean {
  return runIds !== undefined || modelIds !== undefined || experimentIds !== undefined;
}

/** Why a deleted row is left out, by the rules that restrict whatever was picked. */
export type LeftOut = 'undated' | 'young' | 'protected';

function carries(tags: Tags, { key, value }: ProtectTag): boolean {
  return Object.hasOwn(tags, key) && (value === undefined || tags[key] === value);
}

/** Undefined when it goes. `now`: by the clock of the records. */
export function leftOut(
  candidate: Candidate,
  selection: Selection,
  now: number,
  experimentTags: Tags,
): LeftOut | undefined {
  const { deletedTime, tags } = candidate;
  if (selection.protect.some((tag) => carries(tags, tag) || carries(experimentTags, tag))) return 'protected';
  if (deletedTime === undefined) return selection.includeUndated ? undefined : 'undated';
  if (selection.olderThan !== undefined && deletedTime > now - selection.olderThan) return 'young';
  return undefined;
}
