import { readFile } from 'node:fs/promises';
import SSHConfig from 'ssh-config';
import { Failure } from '../../../core/failure.ts';

/** What an ssh_config says of a host: lower-case keyword to its values, in the order of the file. */
export type HostConfig = ReadonlyMap<string, readonly string[]>;

interface Line {
  readonly param?: string;
  readonly value?: string | readonly { readonly val: string }[];
  readonly config?: Iterable<Line>;
}

function valuesOf({ value }: Line): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value.map(({ val }) => val);
}

function matchesPattern(pattern: string, host: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(host);
}

/** Whether a host fits a list of patterns, of which one with `!` forbids (ssh_config(5), PATTERNS). */
export function matchesPatterns(patterns: readonly string[], host: string): boolean {
  const fits = (pattern: string) => matchesPattern(pattern, host);
  const forbidden = patterns.filter((each) => each.startsWith('!')).map((each) => each.slice(1));
  return !forbidden.some(fits) && patterns.filter((each) => !each.startsWith('!')).some(fits);
}

/**
 * The directives of a configuration that hold for a host name as it was given. `Match` blocks and `Include` are not
 * read: no program is ever run for them.
 */
export function hostConfig(text: string, host: string): HostConfig {
  const found = new Map<string, string[]>();
  const add = (lines: Iterable<Line>) => {
    for (const line of lines) {
      if (line.param === undefined) continue;
      const keyword = line.param.toLowerCase();
      if (keyword === 'host') {
        const patterns = valuesOf(line).flatMap((each) => each.split(/\s+/));
        if (matchesPatterns(patterns, host)) add(line.config ?? []);
      } else if (keyword !== 'match') {
        found.set(keyword, [...(found.get(keyword) ?? []), ...valuesOf(line)]);
      }
    }
  };
  add(SSHConfig.parse(text) as Iterable<Line>);
  return found;
}

/** Reads what a file says of a host; a file that is not there says nothing. @throws Failure misconfigured */
export async function readHostConfig(file: string, host: string): Promise<HostConfig> {
  try {
    return hostConfig(await readFile(file, 'utf8'), host);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw new Failure(
      {
        kind: 'misconfigured',
        message: `the SSH configuration ${file} cannot be read: ${(thrown as Error).message}`,
        subject: file,
        settings: ['sftp.configFile'],
      },
      thrown,
    );
  }
}
