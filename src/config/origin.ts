/** Where a value was written. */
export interface Origin {
  readonly from: 'flag' | 'environment' | 'file' | 'profile' | 'server' | 'default';
  /** `--tracking-uri`, `MLFLOW_TRACKING_URI`, `tracking.uri`, `profiles.prod.tracking.uri`; the key for the last two. */
  readonly name: string;
  /** Absolute path, when it stands in a file. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** True for a file found from the working directory, which whoever owns that directory wrote. */
  readonly project?: true;
  /** For a deprecated variable: the one to use. */
  readonly replacedBy?: string;
}

/** An origin in words: `flag --tracking-uri`, `variable AWS_REGION`, `/repo/mlstow.config.yaml:3`, `default`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.from) {
    case 'flag':
      return `flag ${origin.name}`;
    case 'environment':
      return `variable ${origin.name}`;
    case 'file':
    case 'profile': {
      const place = origin.line === undefined ? (origin.file ?? '') : `${origin.file ?? ''}:${origin.line}`;
      return origin.from === 'file' ? place : `${origin.name.split('.', 2).join('.')} in ${place}`;
    }
    case 'server':
      return 'server';
    case 'default':
      return 'default';
  }
}
