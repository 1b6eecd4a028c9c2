import type { Failure } from '../../core/failure.ts';
import { redactUri } from '../../core/redact.ts';

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/**
 * The failure as a person reads it on stderr: what went wrong, then what to do. With `--verbose` also what it came from:
 * `settings`, the values that decided it and who set them, and the causes.
 */
export function failureText(failure: Failure, verbose: boolean, settings: readonly string[] = []): string {
  const lines = [`mlstow: ${sentence(failure.message)}`];
  if (failure.facts.hint) lines.push(`  ${sentence(failure.facts.hint)}`);
  if (failure.kind === 'internal') {
    lines.push(
      '  This is a bug in mlstow. Please report it with the lines below and the command you typed.',
      redactUri(String(failure.cause instanceof Error ? failure.cause.stack : failure.stack)),
    );
  } else if (verbose) {
    lines.push(...settings.map((line) => `  decided by: ${line}`), ...causes(failure));
  }
  return `${lines.join('\n')}\n`;
}

function causes(failure: Failure): readonly string[] {
  const found: string[] = [];
  const { vendor } = failure.facts;
  if (vendor) found.push(`  vendor: ${JSON.stringify(vendor)}`);
  for (let cause = failure.cause; cause instanceof Error; cause = cause.cause) {
    found.push(`  caused by: ${cause.name}: ${redactUri(cause.message)}`);
  }
  return found;
}

/** The failure as one line of JSON, for `--output json` and `jsonl`. */
export function failureJson(failure: Failure): string {
  const { kind, message, hint, subject } = failure.facts;
  return `${JSON.stringify({ error: { code: kind, message, hint, subject } })}\n`;
}
