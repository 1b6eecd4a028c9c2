import type { Asked } from '../failures.ts';

/** One operation of WebHDFS on one absolute path. */
export interface Call extends Asked {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly op: string;
  /** Absolute and decoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
}
