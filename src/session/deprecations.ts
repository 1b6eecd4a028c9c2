import type { Config } from '../config/resolve.ts';

/** One sentence for each setting that a deprecated variable gives, naming the one to use. */
export function deprecations(config: Config): readonly string[] {
  return config.entries().flatMap((entry) => {
    if (!('resolved' in entry)) return [];
    const { name, replacedBy } = entry.resolved.origin;
    return replacedBy === undefined ? [] : [`${name} is deprecated; set ${replacedBy} instead`];
  });
}
