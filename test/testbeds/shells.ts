import { debianPackage } from './debian-package.ts';
import { mustRun } from './run-command.ts';

/** Where a shell runs; its whole environment. */
export interface ShellPlace {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What fish offers for the last word of a line, with what it says of each. Installs fish of Debian when missing. */
export async function completedByFish(line: string, script: string, place: ShellPlace): Promise<string[]> {
  await debianPackage('fish', '/usr/bin/fish', 'fish');
  const code = 'source $argv[1]; complete -C $argv[2]';
  const { stdout } = await mustRun('fish', ['--no-config', '-c', code, script, line], place);
  return stdout.split('\n').filter((each) => each !== '');
}

/**
 * A terminal in which zsh completes a line by Tab and then runs it; the command tells its arguments, in words that the
 * terminal's echo does not hold.
 */
const ZSH = `
zmodload zsh/zpty
zpty typed zsh -f -i
zpty -w typed "PS1=; cd \${(q)1}; fpath=(\${(q)2} \\$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w typed 'mlstow() { if [[ $1 == __complete ]]; then command mlstow "$@"; else print -r -- "R""AN:\${(j:|:)@}:E""ND"; fi }'
zpty -w -n typed "$3"$'\\t\\n'
zpty -r typed told '*RAN:*:END*'
print -r -- "$told"
`;

/** The arguments of the command that zsh runs after Tab, with the functions of a folder. Installs zsh of Debian when missing. */
export async function completedByZsh(line: string, folder: string, place: ShellPlace): Promise<string[]> {
  await debianPackage('zsh', '/bin/zsh', 'zsh');
  const { stdout } = await mustRun('zsh', ['-f', '-c', ZSH, 'zsh', place.cwd, folder, line], place);
  return (/RAN:(.*):END/.exec(stdout)?.[1] ?? '').split('|');
}
