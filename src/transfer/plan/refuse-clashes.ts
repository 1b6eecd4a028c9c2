import { Failure } from '../../core/failure.ts';
import type { UploadRoot } from './upload-plan.ts';

/**
 * Each source has its own top-level names; only the contents of one folder may come back for the same name. Nothing is
 * read for a single source.
 * @throws Failure usage: two sources would be stored under one name
 */
export async function refuseClashes(roots: readonly UploadRoot[], signal: AbortSignal): Promise<void> {
  if (roots.length < 2) return;
  const taken = new Map<string, UploadRoot>();
  for (const root of roots) {
    for await (const name of root.tops(signal)) {
      const before = taken.get(name);
      if (before !== undefined && before !== root) throw clash(before.source, root.source, name);
      taken.set(name, root);
    }
  }
}

function clash(before: string, source: string, name: string): Failure {
  return new Failure({
    kind: 'usage',
    message: `${before} and ${source} would both be stored as ${name}`,
    hint: 'log them one by one, with different -a folders',
    subject: name,
  });
}
