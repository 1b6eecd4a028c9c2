import type { Command } from '../command.ts';
import { download } from './artifacts/download.ts';
import { listArtifacts } from './artifacts/list.ts';
import { log, logArtifact, logArtifacts } from './artifacts/log.ts';
import { completionOf } from './completion.ts';
import { getConfig, listConfig } from './config/list.ts';
import { resolve } from './resolve.ts';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  log,
  logArtifact,
  logArtifacts,
  listArtifacts,
  download,
  resolve,
  listConfig,
  getConfig,
  completionOf(() => commands),
];
