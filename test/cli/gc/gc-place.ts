import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { changeDatabase } from '../change-database.ts';
import { mustRunCli, runCli, type CliPlace, type CliResult } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import type { GcItem } from '../../../src/cli/output/gc.ts';

/** A folder with a database, an experiment in it and commands on them. */
export interface GcPlace extends CliPlace {
  readonly experiment: string;
  /** A run with three files, deleted unless told. */
  run(options?: {
    readonly files?: number;
    readonly keep?: boolean;
    readonly experiment?: string;
  }): Promise<string>;
  /** Where the files of a run are. */
  artifacts(runId: string, experiment?: string): string;
  sql(statements: string): void;
  rows(select: string): readonly Readonly<Record<string, unknown>>[];
  gc(...args: string[]): Promise<CliResult & { readonly items: readonly GcItem[] }>;
}

/** A new one. */
export async function gcPlace(): Promise<GcPlace> {
  const cwd = await temporaryFolder();
  const place: CliPlace = { cwd };
  const create = ['experiments', 'create', '-n', 'e', '-q', '-l', join(cwd, 'arts', '1')];
  const experiment = (await mustRunCli(create, place)).trim();
  await mkdir(join(cwd, 'source'));
  const artifacts = (runId: string, of = experiment) => join(cwd, 'arts', of, runId, 'artifacts');
  return {
    ...place,
    experiment,
    artifacts,
    run: async ({ files = 3, keep = false, experiment: of = experiment } = {}) => {
      const id = (await mustRunCli(['runs', 'create', '--experiment-id', of, '-q'], place)).trim();
      for (let number = 0; number < files; number += 1) {
        const file = join(cwd, 'source', `f${number}`);
        await writeFile(file, '12345');
        await mustRunCli(['artifacts', 'log', file, '-r', id, '-a', `d${number}`], place);
      }
      if (!keep) await mustRunCli(['runs', 'delete', '--run-id', id], place);
      return id;
    },
    sql: (statements) => changeDatabase(cwd, statements),
    rows: (select) => {
      const database = new DatabaseSync(join(cwd, 'mlflow.db'));
      try {
        return database.prepare(select).all() as Record<string, unknown>[];
      } finally {
        database.close();
      }
    },
    gc: async (...args) => {
      const result = await runCli(['gc', '--output', 'jsonl', ...args], place);
      const lines = result.stdout.split('\n').filter((line) => line.startsWith('{"kind"'));
      return { ...result, items: lines.map((line) => JSON.parse(line) as GcItem) };
    },
  };
}
