/** What a command was asked about. */
export type Target =
  | { readonly kind: 'run'; readonly runId: string }
  | { readonly kind: 'experiment'; readonly nameOrId: string }
  | { readonly kind: 'uri'; readonly uri: string };

const URI = /^[A-Za-z][A-Za-z0-9+.-]+:/;
const LOGGED_MODEL = /^m-[0-9a-f]{32}$/;

/**
 * Reads a TARGET operand: `experiment:NAME`, a URI, a path (it has a slash or starts with a dot), a logged model's id,
 * and anything else is a run id.
 */
export function parseTarget(text: string): Target {
  if (text.startsWith('experiment:'))
    return { kind: 'experiment', nameOrId: text.slice('experiment:'.length) };
  if (LOGGED_MODEL.test(text)) return { kind: 'uri', uri: `models:/${text}` };
  if (URI.test(text) || text.includes('/') || text.startsWith('.')) return { kind: 'uri', uri: text };
  return { kind: 'run', runId: text };
}
