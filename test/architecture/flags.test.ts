import { expect, it } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { GLOBAL_OPTIONS } from '../../src/cli/global-options.ts';
import { declarationOf, KEYS } from '../../src/config/settings/index.ts';

const offered = [...commands.map(({ options }) => options), GLOBAL_OPTIONS].flatMap((options) =>
  Object.values(options),
);

it('every flag that a setting declares is offered by a command', () => {
  const declared = KEYS.flatMap((key) => declarationOf(key).flag ?? []);
  const missing = declared.filter(
    (flag) => !offered.some(({ flags }) => flags.split(/[ ,]+/).includes(flag)),
  );
  expect(missing).toEqual([]);
});

it('every option that sets a setting has the flag that the setting declares', () => {
  const wrong = offered.filter(({ setting, flags }) => {
    const flag = setting === undefined ? undefined : declarationOf(setting).flag;
    return setting !== undefined && (flag === undefined || !flags.split(/[ ,]+/).includes(flag));
  });
  expect(wrong.map(({ flags }) => flags)).toEqual([]);
});

it('every command says what it is for', () => {
  expect(commands.filter(({ summary }) => !/^[A-Z].*\.$/.test(summary)).map(({ name }) => name)).toEqual([]);
});
