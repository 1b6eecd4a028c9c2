import type { Traces } from '../store.ts';
import type { RestClient } from './client.ts';

/** Traces over REST: linking them to runs, at most 100 at once. */
export function restTraces(client: RestClient): Traces {
  return {
    link: async (runId, traceIds, io) => {
      await client.call(
        {
          method: 'POST',
          path: 'traces/link-to-run',
          json: { trace_ids: traceIds, run_id: runId },
          subject: `run ${runId}`,
          repeatable: true,
          feature: 'links between traces and runs',
        },
        io,
      );
    },
  };
}
