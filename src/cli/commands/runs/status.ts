import { Failure } from '../../../core/failure.ts';
import type { RunStatus } from '../../../tracking/entities.ts';

const FINAL = ['FINISHED', 'FAILED', 'KILLED'] as const satisfies readonly RunStatus[];
const STARTED = [...FINAL, 'RUNNING'] as const satisfies readonly RunStatus[];

function read<S extends RunStatus>(given: string | undefined, known: readonly S[]): S | 'FINISHED' {
  if (given === undefined) return 'FINISHED';
  const status = known.find((name) => name === given.toUpperCase());
  if (status) return status;
  throw new Failure({
    kind: 'usage',
    message: `--status ${given} is not a status that can be set`,
    hint: `use one of ${known.join(', ')}, in any case`,
    subject: '--status',
  });
}

/** The status in which a new run is left: mlflow's final ones, or RUNNING. @throws Failure usage */
export function readNewStatus(given: string | undefined): RunStatus {
  return read(given, STARTED);
}

/** The status with which a run ends. @throws Failure usage */
export function readFinalStatus(given: string | undefined): RunStatus {
  return read(given, FINAL);
}
