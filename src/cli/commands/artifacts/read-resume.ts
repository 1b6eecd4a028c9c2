import type { Resume } from '../../../session/transfer-options.ts';

/** What `--resume` and `--no-resume` say together: commander gives the last one typed. */
export function readResume(values: { readonly resume: boolean; readonly noResume: boolean }): Resume {
  if (values.noResume) return 'never';
  return values.resume ? 'keep' : 'usual';
}
