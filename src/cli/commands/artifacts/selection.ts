import { resolve } from 'node:path';
import { Failure } from '../../../core/failure.ts';
import type { Session } from '../../../session/session.ts';
import type { Watching } from '../../../session/transfer-options.ts';
import type { IfExists } from '../../../transfer/items.ts';
import { openManifest } from '../../../transfer/manifest.ts';
import { createFilter, type Filter } from '../../../transfer/plan/filter.ts';
import type { Report } from '../../../transfer/report.ts';

/** The flags that say which files move, as typed. */
export interface SelectionFlags {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly ifExists: string | undefined;
  readonly dryRun: boolean;
  readonly manifest: string | undefined;
}

/** Which files move, and what is told of them. */
export interface Selection {
  readonly filter: Filter;
  readonly ifExists: IfExists;
  readonly dryRun: boolean;
}

/** @throws Failure usage: a pattern that matches nothing, or a manifest of what does not happen */
export function readSelection({ include, exclude, ifExists, dryRun, manifest }: SelectionFlags): Selection {
  if (dryRun && manifest !== undefined) {
    throw new Failure({
      kind: 'usage',
      message: '--manifest says what became of each file, and with --dry-run nothing becomes of any',
      hint: 'leave one out; --dry-run --output jsonl prints the plan as data',
      subject: '--manifest',
    });
  }
  return {
    filter: createFilter({ include, exclude }),
    ifExists: (ifExists ?? 'overwrite') as IfExists,
    dryRun,
  };
}

/** Something that moves files. */
interface Transfer {
  run(watching: Watching): Promise<Report>;
}

/** The same transfer, written down in the manifest that is asked for, if any. */
export function inManifest(session: Session, file: string | undefined, transfer: Transfer): Transfer {
  if (file === undefined) return transfer;
  return {
    run: async (watching) => {
      const manifest = openManifest(resolve(session.world.cwd, file));
      let report;
      try {
        report = await transfer.run({ ...watching, observer: manifest.observing(watching.observer) });
      } finally {
        manifest.close();
      }
      return report;
    },
  };
}
