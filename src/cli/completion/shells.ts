/** The shells that get a script, and the file that holds it. */
export const SHELL_FILES = { bash: 'mlstow.bash', zsh: '_mlstow', fish: 'mlstow.fish' } as const;
export type Shell = keyof typeof SHELL_FILES;
