import { nameOf, parentOf } from '../../../../core/artifact-path.ts';
import type { Incomplete } from '../../../store.ts';
import { refuseOthers, unfinishedAt } from '../../../temporaries.ts';
import { isHidden, isTemporary } from '../names.ts';
import { complaintFailure } from './complaint.ts';
import { entriesBelow } from './look.ts';
import { argumentOf, subjectOf, type CliRoot } from './root.ts';
import { runShell } from './run-shell.ts';

/** Unfinished files and folders of files: one `-ls -R` for all, one `-rm -r` for each. */
export function cliIncomplete(root: CliRoot): Incomplete {
  return {
    owned: true,
    list: async function* (under, io) {
      if (isHidden(under)) return;
      const found = await entriesBelow(root, under, true, io);
      const unfinished = found.filter(({ path }) => isTemporary(nameOf(path)) && !isHidden(parentOf(path)));
      if (unfinished.length > 0) yield unfinished.map((entry) => unfinishedAt(entry.path, entry));
    },
    discard: async ({ path }, io) => {
      refuseOthers(path, isTemporary);
      const asked = { doing: 'remove', subject: subjectOf(root, path) };
      const args = ['-r', '-f', '-skipTrash', argumentOf(root, path)];
      const ended = await runShell(root.shell, 'rm', args, asked, io);
      if (ended.code !== 0) throw complaintFailure(ended, asked);
    },
  };
}
