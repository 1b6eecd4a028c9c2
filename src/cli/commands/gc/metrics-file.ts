import { asFailure, exitCodeOf, type Failure } from '../../../core/failure.ts';
import { writeWholeFile } from '../../../core/whole-file.ts';
import { metricsLines } from '../../../gc/metrics.ts';
import type { Tally } from '../../../gc/tally.ts';
import type { Session } from '../../../session/session.ts';

/** Where one gc tells monitoring how it ended. */
export interface MetricsFile {
  /**
   * Writes what became of all items and the exit code, whole or not at all; once, when gc has ended or was refused.
   * @throws Failure as `writeWholeFile`; of a gc that failed anyhow only a warning
   */
  write(tally: Tally, failure: Failure | undefined): Promise<void>;
}

/** A gc that begins now; without a file it tells nobody. */
export function createMetricsFile(session: Session, file: string | undefined): MetricsFile {
  const { world, io } = session;
  const started = world.clock.now();
  return {
    write: async (tally, failure) => {
      if (file === undefined) return;
      const ended = failure && io.signal.aborted ? asFailure(io.signal.reason, 'gc') : failure;
      const finished = world.clock.now();
      const exitCode = ended ? (session.stopCode() ?? exitCodeOf(ended.kind)) : 0;
      try {
        const lines = metricsLines({ tally, finished, took: finished - started, exitCode });
        await writeWholeFile(file, lines);
      } catch (thrown) {
        if (!ended) throw thrown;
        session.warn(asFailure(thrown, file).message);
      }
    },
  };
}
