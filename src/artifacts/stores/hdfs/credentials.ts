import type { Io } from '../../../core/io.ts';
import type { NetResponse } from '../../../net/net.ts';

/** Who we are to a name node or gateway; nothing of it is ever sent to another origin. */
export interface Credentials {
  /** Short and without secrets: part of a backend's identity. */
  readonly who: string;
  /** Query parameters of every request. */
  query(): Readonly<Record<string, string>>;
  /** Headers of a request to a name node. @throws Failure unauthenticated, unsupported */
  headers(to: URL, io: Io): Promise<Readonly<Record<string, string>>>;
  /** Takes what an answer gives (a cookie); true when the same request, sent with these headers, has to be made again. */
  learn(answer: NetResponse, sent: Readonly<Record<string, string>>): boolean;
}

/** A delegation token, as `hdfs fetchdt --print` or GETDELEGATIONTOKEN gives it. */
export function delegationToken(token: string): Credentials {
  return {
    who: 'delegation token',
    query: () => ({ delegation: token }),
    headers: async () => ({}),
    learn: () => false,
  };
}
