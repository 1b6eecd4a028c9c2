import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../core/clock.ts';
import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import { withExclusiveLock } from '../sql/exclusive-lock.ts';
import { createMutex } from '../sql/mutex.ts';
import { absoluteIfLocal } from '../locations.ts';
import type { TrackingStore } from '../store.ts';
import { fileCollect } from './collect/file-collect.ts';
import type { FileContext } from './context.ts';
import { fileExperiments, fillExperiment } from './experiments.ts';
import { exists, fileFailure, isFolder, META, TRASH } from './layout.ts';
import { fileLoggedModels } from './logged-models.ts';
import { fileRegistry } from './registry.ts';
import { fileRuns } from './runs.ts';

/** The side file whose lock makes changes of experiments exclude each other; MLflow passes over files. */
const LOCK = '.mlstow.lock';

/** How a file store is opened. */
export interface FileStoreOptions {
  /** `file:` URI or path of the store's folder. */
  readonly uri: string;
  /** `read` and `write` need a store that exists; `create` makes one. */
  readonly intent: 'read' | 'write' | 'create';
  /** Where relative paths start. */
  readonly cwd: string;
  readonly clock: Clock;
  readonly notify: (message: string) => void;
}

function rootOf(uri: string, cwd: string): string {
  if (!/^file:/i.test(uri)) return resolve(cwd, uri);
  const rest = uri.slice('file:'.length);
  try {
    if (!rest.startsWith('/')) return resolve(cwd, decodeURIComponent(rest));
    return fileURLToPath(new URL(`file://${new URL(uri).pathname}`));
  } catch (thrown) {
    throw new Failure(
      {
        kind: 'misconfigured',
        message: `${uri} is not a file URI`,
        subject: uri,
        hint: 'write file:///absolute/path',
      },
      thrown,
    );
  }
}

async function makeStore(context: FileContext): Promise<void> {
  try {
    await mkdir(join(context.root, TRASH), { recursive: true });
    await mkdir(join(context.root, '0'), { recursive: true });
  } catch (thrown) {
    throw fileFailure(thrown, context.root);
  }
  if (!(await exists(join(context.root, '0', META)))) {
    await fillExperiment(context, '0', { name: 'Default', tags: {} });
  }
}

function contextOf(root: string, options: FileStoreOptions): FileContext {
  const { uri, cwd, clock, notify, intent } = options;
  const mutex = createMutex(uri);
  return {
    label: uri,
    root,
    artifactRoot: absoluteIfLocal(uri, cwd),
    cwd,
    clock,
    notify,
    assertWritable() {
      if (intent !== 'read') return;
      throw new Failure({ kind: 'internal', message: `${uri} was opened for reading only`, subject: uri });
    },
    alone: (io: Io, work) =>
      mutex.run(io.signal, () => withExclusiveLock(join(root, LOCK), { clock, io, subject: uri }, work)),
  };
}

/**
 * Opens MLflow's file store (`mlruns`), which MLflow 3.13 and later refuse unless MLFLOW_ALLOW_FILE_STORE is set; we warn.
 * Names of experiments are unique among mlstow processes only: MLflow takes no lock.
 * @throws Failure not-found, wrong-kind, misconfigured, denied
 */
export async function openFileStore(options: FileStoreOptions): Promise<TrackingStore> {
  const { uri, intent, cwd, notify } = options;
  const root = rootOf(uri, cwd);
  const context = contextOf(root, options);
  if (!(await isFolder(root))) {
    const isThere = await exists(root);
    if (isThere || intent !== 'create') {
      throw new Failure({
        kind: isThere ? 'wrong-kind' : 'not-found',
        message: isThere ? `${root} is not a folder` : `there is no file store at ${root}`,
        subject: uri,
        hint: isThere
          ? 'check the path of the tracking URI'
          : 'check the path, or create it with: mlstow experiments create --tracking-uri file:///path',
      });
    }
    await makeStore(context);
  }
  notify(
    `${uri} is a file store, which MLflow has deprecated: stock MLflow opens it with MLFLOW_ALLOW_FILE_STORE=true only`,
  );
  return {
    label: uri,
    reach: 'local',
    experiments: fileExperiments(context),
    runs: fileRuns(context),
    loggedModels: fileLoggedModels(context),
    registry: fileRegistry(context),
    collect: fileCollect(context),
    close: () => Promise.resolve(),
  };
}
