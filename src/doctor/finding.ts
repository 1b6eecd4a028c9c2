/** How bad it is; only `fail` decides the exit code, and `warn` with `--strict`. */
export const LEVELS = ['fail', 'warn', 'skip', 'ok'] as const;
export type Level = (typeof LEVELS)[number];

interface Told {
  /** What it is about, where a check finds several: a redacted URI, a variable. */
  readonly subject?: string;
  /** One sentence without a final full stop: what was seen, and where. */
  readonly evidence: string;
}

/** One thing that a check found. Secrets never belong in it. */
export type Finding =
  | (Told & { readonly level: 'ok' | 'skip' })
  /** `remedy`: one sentence without a final full stop, with the exact variable, flag or command to type. */
  | (Told & { readonly level: 'warn' | 'fail'; readonly remedy: string });

function about(subject: string | undefined): { readonly subject?: string } {
  return subject === undefined ? {} : { subject };
}

export function ok(evidence: string, subject?: string): Finding {
  return { level: 'ok', evidence, ...about(subject) };
}

export function skip(reason: string, subject?: string): Finding {
  return { level: 'skip', evidence: reason, ...about(subject) };
}

export function warn(evidence: string, remedy: string, subject?: string): Finding {
  return { level: 'warn', evidence, remedy, ...about(subject) };
}

export function fail(evidence: string, remedy: string, subject?: string): Finding {
  return { level: 'fail', evidence, remedy, ...about(subject) };
}

/** The worst level among findings; `ok` when there is none. */
export function worst(findings: readonly Finding[]): Level {
  return LEVELS.find((level) => findings.some((finding) => finding.level === level)) ?? 'ok';
}
