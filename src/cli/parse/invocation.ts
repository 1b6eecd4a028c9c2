import { Option as CommanderOption } from 'commander';
import type { Key } from '../../config/settings/index.ts';
import { Failure } from '../../core/failure.ts';
import type { Command, Option, Options } from '../command.ts';

type FlagValue = string | boolean | readonly string[];

/** What the command line asked for. */
export interface Invocation {
  readonly command: Command;
  readonly operands: readonly string[];
  /** By the names under which options are declared; unset ones are absent. */
  readonly values: Readonly<Record<string, FlagValue>>;
  /** Flags that set a setting, by its key. */
  readonly flags: Partial<Record<Key, FlagValue>>;
}

/** The name under which commander keeps an option's value. */
export function attribute(option: Option): string {
  return new CommanderOption(option.flags).attributeName();
}

function isNegative(option: Option): boolean {
  return option.flags.includes('--no-');
}

/** An empty value is an unset shell variable more often than a wish. */
function refuseEmpty(option: Option, value: FlagValue): void {
  if (value !== '' && !(Array.isArray(value) && value.includes(''))) return;
  throw new Failure({
    kind: 'usage',
    message: `${option.flags.replace(/ ?[<[].*$/, '')} was given an empty value`,
    hint: 'if it comes from a shell variable, that variable is not set',
    subject: 'command line',
  });
}

/** The values of declared options among those that commander gives. @throws Failure usage for an empty one */
export function collect(
  options: Options,
  given: Readonly<Record<string, unknown>>,
): Pick<Invocation, 'values' | 'flags'> {
  const values: Record<string, FlagValue> = {};
  const flags: Partial<Record<Key, FlagValue>> = {};
  for (const [name, option] of Object.entries(options)) {
    const raw = given[attribute(option)] as FlagValue | undefined;
    const value = isNegative(option) ? raw === false || undefined : raw;
    if (value === undefined) {
      if (option.kind === 'flag') values[name] = false;
      if (option.kind === 'list') values[name] = [];
      continue;
    }
    refuseEmpty(option, value);
    values[name] = value;
    if (option.setting) flags[option.setting] = value;
  }
  return { values, flags };
}
