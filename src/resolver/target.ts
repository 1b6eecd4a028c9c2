import { Failure } from '../core/failure.ts';

/** What a command was asked about. */
export type Target =
  | { readonly kind: 'run'; readonly runId: string }
  | { readonly kind: 'experiment'; readonly nameOrId: string }
  | { readonly kind: 'uri'; readonly uri: string };

const EXPERIMENT = 'experiment:';
const URI = /^[A-Za-z][A-Za-z0-9+.-]+:/;
const LOGGED_MODEL = /^m-[0-9a-f]{32}$/;

/**
 * Reads a TARGET operand: `experiment:NAME`, a URI, a path (it has a slash or starts with a dot), a logged model's id,
 * and anything else is a run id.
 * @throws Failure usage when it names nothing
 */
export function parseTarget(text: string): Target {
  if (text === '' || text === EXPERIMENT) {
    throw new Failure({
      kind: 'usage',
      message: `the target ${JSON.stringify(text)} names nothing`,
      hint: 'give a run id, experiment:NAME, a URI or a path',
      subject: 'command line',
    });
  }
  if (text.startsWith(EXPERIMENT)) return { kind: 'experiment', nameOrId: text.slice(EXPERIMENT.length) };
  if (LOGGED_MODEL.test(text)) return { kind: 'uri', uri: `models:/${text}` };
  if (URI.test(text) || text.includes('/') || text.startsWith('.')) return { kind: 'uri', uri: text };
  return { kind: 'run', runId: text };
}
