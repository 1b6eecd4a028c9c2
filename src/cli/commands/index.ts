import type { Command } from '../command.ts';
import { download } from './artifacts/download.ts';
import { listArtifacts } from './artifacts/list.ts';
import { log, logArtifact, logArtifacts } from './artifacts/log.ts';
import { verify } from './artifacts/verify.ts';
import { completionOf } from './completion.ts';
import { getConfig, listConfig } from './config/list.ts';
import { doctor } from './doctor/doctor.ts';
import { createExperiment } from './experiments/create.ts';
import { exportExperiment } from './experiments/csv.ts';
import { deleteExperiment } from './experiments/delete.ts';
import { getExperiment } from './experiments/get.ts';
import { renameExperiment } from './experiments/rename.ts';
import { restoreExperiment } from './experiments/restore.ts';
import { searchExperiments } from './experiments/search.ts';
import { updateExperiment } from './experiments/update.ts';
import { gc } from './gc/gc.ts';
import { resolve } from './resolve.ts';
import { createRun } from './runs/create.ts';
import { deleteRun } from './runs/delete.ts';
import { finishRun } from './runs/finish.ts';
import { getRun } from './runs/get.ts';
import { linkTraces } from './runs/link-traces.ts';
import { listRuns } from './runs/list.ts';
import { restoreRun } from './runs/restore.ts';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  createExperiment,
  getExperiment,
  searchExperiments,
  updateExperiment,
  deleteExperiment,
  restoreExperiment,
  renameExperiment,
  exportExperiment,
  createRun,
  getRun,
  listRuns,
  finishRun,
  deleteRun,
  restoreRun,
  linkTraces,
  log,
  logArtifact,
  logArtifacts,
  listArtifacts,
  download,
  verify,
  gc,
  doctor,
  resolve,
  listConfig,
  getConfig,
  completionOf(() => commands),
];
