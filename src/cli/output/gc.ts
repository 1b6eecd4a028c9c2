/** `gc`: one row that was asked for, what is left of one, or an unfinished upload. */
export interface GcItem {
  readonly kind: 'run' | 'model' | 'trace' | 'experiment' | 'upload';
  /** Of an upload its path below the root. */
  readonly id: string;
  readonly experiment_id: string;
  /** Redacted; null where no location is recorded. */
  readonly artifact_uri: string | null;
  /** Objects removed; of orphans also those that would be. */
  readonly objects: number;
  /** Bytes of those objects. */
  readonly bytes: number;
  /**
   * `delete`: files and row are gone (with `--dry-run`: would go). `keep`: a rule or somebody's need speaks for it.
   * `skip`: it was restored or changed meanwhile. `fail`: its row is still there. `absent`: it was gone already.
   */
  readonly action: 'delete' | 'keep' | 'skip' | 'fail' | 'absent';
  /** Why; absent where the action says it. */
  readonly reason?: string;
  /** Of a row that was restored while its files were being removed: objects that are gone, 1,000 at most. */
  readonly gone?: readonly string[];
}

/** `gc`: the other fields. */
export interface GcSummary {
  /** Whether rows were looked for, or files that no row has, or uploads that were never finished. */
  readonly mode: 'rows' | 'orphans' | 'incomplete-uploads';
  /** Redacted URI of the database or the file store; of the artifact roots where no row was looked for. */
  readonly backend: string;
  readonly dry_run: boolean;
  /** Rows by what became of them, and by kind. */
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly objects: number;
  readonly bytes: number;
  /** Of those bytes what buckets keep as older versions, and bill. */
  readonly not_freed: number;
  /** What was not taken, by reason: `undated`, `young`, `protected`, `in_use`, `elsewhere`. */
  readonly left_out: Readonly<Record<string, number>>;
  /** True when another gc was at work and `--skip-if-locked` was given. */
  readonly locked?: boolean;
}
