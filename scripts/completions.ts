/** The completion scripts, for `npm run generate`. */
import { commands } from '../src/cli/commands/index.ts';
import { completionModel } from '../src/cli/completion/model.ts';
import { completionScript } from '../src/cli/completion/scripts.ts';
import { GROUPS } from '../src/cli/groups.ts';

const model = completionModel(commands, GROUPS);

export const bash = (): string => completionScript('bash', model);
export const zsh = (): string => completionScript('zsh', model);
export const fish = (): string => completionScript('fish', model);
