/** What each noun is for, in the help and the completions. */
export const GROUPS: Readonly<Record<string, string>> = {
  experiments: 'Create and manage experiments',
  runs: 'Create and manage runs',
  artifacts: 'Log, list, download and verify artifacts',
  config: 'Show settings and where they come from',
};
