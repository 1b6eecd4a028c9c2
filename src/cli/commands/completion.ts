import { Failure } from '../../core/failure.ts';
import { command, type Command, type View } from '../command.ts';
import { completionModel } from '../completion/model.ts';
import { GROUPS } from '../groups.ts';
import { SHELL_FILES, type Shell } from '../completion/shells.ts';

function isShell(name: string): name is Shell {
  return Object.hasOwn(SHELL_FILES, name);
}

/** The command that prints completion scripts for these commands and itself. */
export const completionOf = (commands: () => readonly Command[]): Command =>
  command({
    name: 'completion',
    summary: 'Print the completion script of a shell.',
    examples: [
      'source <(mlstow completion bash)',
      'mlstow completion fish > ~/.config/fish/completions/mlstow.fish',
    ],
    arguments: [{ name: '<shell>', help: 'bash, zsh or fish', choices: Object.keys(SHELL_FILES) }],
    options: {},
    async run(_session, _values, [shell = '']): Promise<View> {
      if (!isShell(shell)) {
        throw new Failure({
          kind: 'usage',
          message: `there is no completion for ${JSON.stringify(shell)}`,
          hint: `name one of ${Object.keys(SHELL_FILES).join(', ')}`,
          subject: shell,
        });
      }
      const { completionScript } = await import('../completion/scripts.ts');
      const script = completionScript(shell, completionModel(commands(), GROUPS));
      return { data: () => ({ shell, script }), text: () => [script], quiet: () => [script] };
    },
  });
