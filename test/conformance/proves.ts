import type { TestContext } from 'vitest';
import type { Operation } from './artifact-store/cases/operations.ts';
import { runningServers } from './servers.ts';

/** What a test outside of the conformance suite proves of a store, on the servers that run for it. */
interface Claim {
  /** The row of the table: the name of a conformance bed, or another one. */
  readonly bed: string;
  readonly scheme: string;
  readonly operations: readonly Operation[];
}

declare module 'vitest' {
  interface TaskMeta {
    proves?: Claim & { readonly servers: readonly string[] };
  }
}

/** Claims operations for the table of proofs. It counts only where the test that claims it passes to its end. */
export async function proves({ task }: TestContext, claim: Claim): Promise<void> {
  task.meta.proves = { ...claim, servers: await runningServers() };
}
