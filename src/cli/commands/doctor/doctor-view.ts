import type { Check } from '../../../doctor/check.ts';
import type { Outcome } from '../../../doctor/run-checks.ts';
import type { DoctorExplanation, DoctorItem } from '../../output/doctor.ts';
import type { Colours } from '../../render/colours.ts';

type Level = DoctorItem['level'];

/** What a check found, as it is shown. */
export function doctorItems({ check, findings, tookMs }: Outcome): readonly DoctorItem[] {
  const { id, name, title, area } = check;
  const told = findings.length > 0 ? findings : [{ level: 'ok', evidence: title } as const];
  return told.map((finding) => ({
    check: id,
    name,
    title,
    area,
    level: finding.level,
    ...(finding.subject === undefined ? {} : { subject: finding.subject }),
    evidence: finding.evidence,
    ...('remedy' in finding ? { remedy: finding.remedy } : {}),
    took_ms: tookMs,
  }));
}

/** A word begins a sentence with a capital; a URI, a path or a name stays as it is. */
function sentence(text: string): string {
  const begun = /^[a-z]+ /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

const WORDS = { fail: 'FAIL', warn: 'WARN', skip: 'skip', ok: 'ok' } as const;

function inColour(level: Level, colours: Colours): string {
  const word = WORDS[level].padEnd(4);
  if (level === 'fail') return colours.red(word);
  if (level === 'warn') return colours.yellow(word);
  return level === 'ok' ? colours.green(word) : colours.dim(word);
}

/** What one check objects to, all of it below one head. */
function* objections(items: readonly DoctorItem[], colours: Colours): Generator<string> {
  let before: string | undefined;
  for (const item of items) {
    if (before !== undefined && before !== item.check) yield '\n';
    if (before !== item.check)
      yield `${inColour(item.level, colours)}  ${colours.bold(`${item.check} ${item.name}`)}\n`;
    yield `      ${sentence(item.evidence)}\n`;
    if (item.remedy !== undefined) yield `      → ${sentence(item.remedy)}\n`;
    before = item.check;
  }
  if (before !== undefined) yield '\n';
}

function quietly(item: DoctorItem, colours: Colours): string {
  const about = item.subject === undefined || item.evidence.includes(item.subject) ? '' : `: ${item.subject}`;
  const evidence = item.evidence === item.title ? about : `${about}: ${item.evidence}`;
  return `${inColour(item.level, colours)}  ${colours.dim(item.check)} ${item.title}${evidence}\n`;
}

/** Skipped checks, those with the same reason in one line. */
function* skippedLines(items: readonly DoctorItem[], colours: Colours): Generator<string> {
  const byReason = new Map<string, string[]>();
  for (const { check, evidence } of items) byReason.set(evidence, [...(byReason.get(evidence) ?? []), check]);
  for (const [reason, checks] of byReason)
    yield `${inColour('skip', colours)}  ${[...new Set(checks)].join(' ')}: ${reason}\n`;
}

/** How many of each level there are. */
export function countLevels(items: readonly DoctorItem[]): Readonly<Record<Level, number>> {
  const counts = { ok: 0, warn: 0, fail: 0, skip: 0 };
  for (const { level } of items) counts[level] += 1;
  return counts;
}

function summary(items: readonly DoctorItem[], where: string, colours: Colours): string {
  const { fail, warn, skip, ok } = countLevels(items);
  const parts = [
    ...(fail > 0 ? [colours.red(`${fail} failed`)] : []),
    ...(warn > 0 ? [colours.yellow(`${warn} ${warn === 1 ? 'warning' : 'warnings'}`)] : []),
    colours.green(`${ok} ok`),
    ...(skip > 0 ? [`${skip} skipped`] : []),
  ];
  return `${parts.join(', ')} ${colours.dim(`(records: ${where})`)}\n`;
}

interface ReportOptions {
  /** Whether what is well is told too. */
  readonly verbose: boolean;
  /** Redacted tracking URI. */
  readonly where: string;
  readonly colours: Colours;
}

/** The report for people: the worst first; the summary last. */
export function* doctorReport(
  items: readonly DoctorItem[],
  { verbose, where, colours }: ReportOptions,
): Generator<string> {
  const of = (level: Level): readonly DoctorItem[] => items.filter((item) => item.level === level);
  yield* objections(of('fail'), colours);
  yield* objections(of('warn'), colours);
  yield* verbose ? of('skip').map((item) => quietly(item, colours)) : skippedLines(of('skip'), colours);
  if (verbose) for (const item of of('ok')) yield quietly(item, colours);
  yield summary(items, where, colours);
}

/** What `--explain` tells, as data. */
export function explanationOf(check: Check): DoctorExplanation {
  const { id, name, title, area, network, writes, needs, explain } = check;
  return { check: id, name, title, area, network, writes: writes === true, needs, explanation: explain };
}

/** The same for people. */
export function* explanationText(told: DoctorExplanation): Generator<string> {
  yield `${told.check} ${told.name}: ${told.title}\n\n${told.explanation}\n`;
  if (told.network) yield '\nSkipped with --offline.\n';
  if (told.writes) yield 'Writes a probe and removes it again; skipped with --read-only.\n';
}
