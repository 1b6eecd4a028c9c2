import type { Config } from '../config/resolve.ts';

/** One sentence for each line of a file that is ignored, and for each value that a deprecated variable gives. */
export function objections(config: Config): readonly string[] {
  const deprecated = config.entries().flatMap((entry) => {
    if (!('resolved' in entry)) return [];
    const { name, replacedBy } = entry.resolved.origin;
    return replacedBy === undefined ? [] : [`${name} is deprecated; set ${replacedBy} instead`];
  });
  return [...config.ignored.map(({ message }) => message), ...deprecated];
}
