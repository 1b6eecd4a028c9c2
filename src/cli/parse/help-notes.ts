import type { Command } from '../command.ts';

function block(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

/** What stands below the options of a command. */
export function leafNotes({ examples = [] }: Command): string {
  return `${block('Examples:', examples)}\nmlstow --help tells what the exit codes mean.`;
}

/** What stands below the list of commands. */
export const ROOT_NOTES = [
  block('Examples:', [
    'mlstow                                              where you are, and what to type next',
    'mlstow experiments create -n churn --if-not-exists',
    'run=$(mlstow runs create -n churn --status running -q)',
    'mlstow artifacts log model -r "$run"',
    'mlstow artifacts download -r "$run" -a model -d out',
    'mlstow resolve "$run"                               where its artifacts are, and who said so',
  ]),
  block('Exit codes:', [
    '0  done',
    '1  a bug in mlstow',
    '2  wrong usage, or an unsafe selection',
    '3  wrong configuration, or artifacts would be lost',
    '4  partly failed, or differences were found',
    '5  not found',
    '6  not allowed, or not authenticated',
    '7  temporary: unreachable, throttled, out of space, past the deadline; try again',
    '8  refused: a brake, a lock, or something that exists already',
    '130, 143  interrupted',
  ]),
  '\nmlstow COMMAND --help shows the options of a command, with examples; mlstow config list every setting.',
].join('');
