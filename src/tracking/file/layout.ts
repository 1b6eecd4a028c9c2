import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../core/failure.ts';

/** Folder of deleted experiments. */
export const TRASH = '.trash';
/** Folder of the model registry, beside the experiments. */
export const REGISTRY = 'models';
export const META = 'meta.yaml';
/** Folders in an experiment's folder that are no runs. */
const RESERVED: ReadonlySet<string> = new Set(['tags', 'datasets', 'traces', 'models']);

const EXPERIMENT_ID = /^[a-zA-Z0-9][\p{L}\p{N}_-]{0,63}$/u;
const RUN_ID = /^[a-zA-Z0-9][\p{L}\p{N}_-]{0,255}$/u;

function assertId(kind: string, id: string, pattern: RegExp): void {
  if (pattern.test(id)) return;
  throw new Failure({
    kind: 'invalid',
    message: `${JSON.stringify(id)} cannot be the id of ${kind}`,
    subject: id,
    hint: 'an id starts with a letter or digit and holds letters, digits, dashes and underscores only',
  });
}

/** @throws Failure invalid for what could leave the store's folder */
export function assertExperimentId(id: string): void {
  assertId('an experiment', id, EXPERIMENT_ID);
}

/** Of runs and of logged models. @throws Failure invalid for what could leave the store's folder */
export function assertRunId(id: string): void {
  assertId('a run or model', id, RUN_ID);
}

/** The code of a file-system error. */
export function errorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined;
}

/** A file-system error as a Failure, by its code. */
export function fileFailure(thrown: unknown, path: string): Failure {
  if (thrown instanceof Failure) return thrown;
  const code = errorCode(thrown);
  const vendor = code === undefined ? {} : { vendor: { code } };
  const subject = path;
  if (code === 'ENOENT')
    return new Failure({ kind: 'not-found', message: `${path} does not exist`, subject, ...vendor }, thrown);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Failure(
      { kind: 'no-space', message: `no space left to write ${path}`, subject, ...vendor },
      thrown,
    );
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const hint = 'check the permissions of the file and of its folder';
    return new Failure(
      { kind: 'denied', message: `access to ${path} is denied`, subject, hint, ...vendor },
      thrown,
    );
  }
  if (code === 'ENOTDIR' || code === 'EISDIR') {
    return new Failure(
      { kind: 'wrong-kind', message: `${path} is not what the file store keeps there`, subject, ...vendor },
      thrown,
    );
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure(
    {
      kind: code === undefined ? 'internal' : 'unavailable',
      message: `${path}: ${text}`,
      subject,
      ...vendor,
    },
    thrown,
  );
}

/** Whether something is there. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT' || errorCode(thrown) === 'ENOTDIR') return false;
    throw fileFailure(thrown, path);
  }
}

/** Whether a folder is there; links are followed, as MLflow does. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT' || errorCode(thrown) === 'ENOTDIR') return false;
    throw fileFailure(thrown, path);
  }
}

/** Names of the folders in a folder, sorted; none when it is absent. */
export async function subfolders(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    const names: string[] = [];
    for (const entry of entries) {
      if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(join(path, entry.name))))) {
        names.push(entry.name);
      }
    }
    return names.sort();
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return [];
    throw fileFailure(thrown, path);
  }
}

/** An experiment's folder. */
export interface ExperimentFolder {
  readonly id: string;
  readonly path: string;
  readonly isDeleted: boolean;
}

/** The folders of all active, then all deleted experiments. */
export async function experimentFolders(root: string): Promise<readonly ExperimentFolder[]> {
  const trash = join(root, TRASH);
  const active = (await subfolders(root)).filter((name) => name !== TRASH && name !== REGISTRY);
  const deleted = await subfolders(trash);
  return [
    ...active.map((id) => ({ id, path: join(root, id), isDeleted: false })),
    ...deleted.map((id) => ({ id, path: join(trash, id), isDeleted: true })),
  ];
}

/** The folder of one experiment. @throws Failure invalid */
export async function findExperimentFolder(root: string, id: string): Promise<ExperimentFolder | undefined> {
  assertExperimentId(id);
  const active = join(root, id);
  if (id !== REGISTRY && (await isFolder(active))) return { id, path: active, isDeleted: false };
  const deleted = join(root, TRASH, id);
  return (await isFolder(deleted)) ? { id, path: deleted, isDeleted: true } : undefined;
}

/** A run's folder; MLflow takes only one that holds metrics, params and artifacts for a run. */
export interface RunFolder {
  readonly path: string;
  readonly experimentId: string;
}

/** Looks for a run in every experiment. @throws Failure invalid */
export async function findRunFolder(root: string, runId: string): Promise<RunFolder | undefined> {
  assertRunId(runId);
  if (RESERVED.has(runId)) return undefined;
  for (const experiment of await experimentFolders(root)) {
    const path = join(experiment.path, runId);
    const parts = ['metrics', 'params', 'artifacts'].map((name) => isFolder(join(path, name)));
    if ((await Promise.all(parts)).every(Boolean)) return { path, experimentId: experiment.id };
  }
  return undefined;
}

/** The folders in an experiment's folder that may be runs. */
export async function runFolders(experiment: ExperimentFolder): Promise<readonly RunFolder[]> {
  const names = (await subfolders(experiment.path)).filter((name) => !RESERVED.has(name));
  return names.map((name) => ({ path: join(experiment.path, name), experimentId: experiment.id }));
}
