import { bash } from './bash.ts';
import { fish } from './fish.ts';
import type { CompletionModel } from './model.ts';
import type { Shell } from './shells.ts';
import { zsh } from './zsh.ts';

/** The completion script of a shell. */
export function completionScript(shell: Shell, model: CompletionModel): string {
  return { bash, zsh, fish }[shell](model);
}
