import { randomInt } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { Experiment, View } from '../entities.ts';
import {
  assertExperimentName,
  assertExperimentTags,
  assertLocationLength,
  noExperimentTag,
} from '../entity-rules.ts';
import { absoluteIfLocal, experimentLocation } from '../locations.ts';
import type { Experiments, NewExperiment } from '../store.ts';
import type { FileContext } from './context.ts';
import { byNewest, readAll, readExperiment } from './experiment-reading.ts';
import { removeKeyFile, writeKeyFile } from './key-files.ts';
import type { ExperimentFolder } from './layout.ts';
import { errorCode, exists, fileFailure, findExperimentFolder, runFolders, TRASH } from './layout.ts';
import { changeMeta, readMeta, readMetaIfAny, writeNewMeta } from './meta.ts';

const DEFAULT_ID = '0';
const PAGE = 200;

function newId(): string {
  return `${randomInt(1, 10)}${Array.from({ length: 17 }, () => randomInt(10)).join('')}`;
}

/** No experiment has this id. */
export function noExperiment(id: string, context: FileContext, stage?: string): Failure {
  return new Failure({
    kind: 'not-found',
    message: `no ${stage === undefined ? '' : `${stage} `}experiment with id ${id} in ${context.label}`,
    subject: id,
    hint: 'list the experiments with: mlstow experiments search --view all',
  });
}

function nameTaken({ name, experimentId: id, lifecycleStage }: Experiment): Failure {
  const isDeleted = lifecycleStage === 'deleted';
  return new Failure({
    kind: 'exists',
    message: `${isDeleted ? 'a deleted experiment' : 'an experiment'} named ${JSON.stringify(name)} exists with id ${id}`,
    subject: name,
    hint: isDeleted
      ? `restore it with: mlstow experiments restore -x ${id}; or remove it for good with: mlstow gc --experiment-ids ${id}`
      : 'choose another name, or use --if-not-exists',
  });
}

async function findByName(context: FileContext, name: string): Promise<Experiment | undefined> {
  return (await readAll(context, 'all')).find((experiment) => experiment.name === name);
}

async function makeFolder(context: FileContext): Promise<string> {
  for (;;) {
    const id = newId();
    try {
      await mkdir(join(context.root, id));
      return id;
    } catch (thrown) {
      if (errorCode(thrown) !== 'EEXIST') throw fileFailure(thrown, context.root);
    }
  }
}

/** Fills an experiment's folder; `meta.yaml` comes last and makes it an experiment. */
export async function fillExperiment(
  context: FileContext,
  id: string,
  experiment: NewExperiment,
): Promise<void> {
  const folder = join(context.root, id);
  const now = context.clock.now();
  for (const [key, value] of Object.entries(experiment.tags)) await writeKeyFile(folder, 'tags', key, value);
  await writeNewMeta(folder, {
    artifact_location: experiment.artifactLocation ?? experimentLocation(context.artifactRoot, id),
    creation_time: now,
    effective_trace_archival_retention: null,
    experiment_id: id,
    last_update_time: now,
    lifecycle_stage: 'active',
    name: experiment.name,
    trace_location: null,
    workspace: 'default',
  });
}

async function create(context: FileContext, wanted: NewExperiment, io: Io): Promise<string> {
  context.assertWritable();
  assertExperimentName(wanted.name);
  assertExperimentTags(wanted.tags);
  if (wanted.traceArchivalRetention !== undefined) {
    throw new Failure({
      kind: 'unsupported',
      message: 'the file store does not keep the retention of trace archives',
      subject: 'trace archival retention',
      hint: 'leave --trace-archival-retention out',
    });
  }
  const location = wanted.artifactLocation;
  const artifactLocation = location === undefined ? undefined : absoluteIfLocal(location, context.cwd);
  if (artifactLocation !== undefined) assertLocationLength(artifactLocation);
  return await context.alone(io, async () => {
    const held = await findByName(context, wanted.name);
    if (held) throw nameTaken(held);
    const id = await makeFolder(context);
    await fillExperiment(context, id, {
      name: wanted.name,
      tags: wanted.tags,
      ...(artifactLocation === undefined ? {} : { artifactLocation }),
    });
    return id;
  });
}

async function markRuns(
  context: FileContext,
  folder: ExperimentFolder,
  stage: 'active' | 'deleted',
  now: number,
): Promise<void> {
  for (const run of await runFolders(folder)) {
    const meta = await readMetaIfAny(run.path, context.clock);
    const current = meta?.text('lifecycle_stage') ?? 'active';
    if (!meta || current === stage) continue;
    await changeMeta(meta, { lifecycle_stage: stage, deleted_time: stage === 'deleted' ? now : null });
  }
}

async function remove(context: FileContext, id: string, io: Io): Promise<void> {
  context.assertWritable();
  if (id === DEFAULT_ID) {
    throw new Failure({
      kind: 'invalid',
      message: 'the file store does not delete the experiment 0, its default',
      subject: id,
    });
  }
  await context.alone(io, async () => {
    const folder = await findExperimentFolder(context.root, id);
    if (!folder || folder.isDeleted) throw noExperiment(id, context, 'active');
    const now = context.clock.now();
    const meta = await readMeta(folder.path, context.clock);
    await markRuns(context, folder, 'deleted', now);
    await changeMeta(meta, { lifecycle_stage: 'deleted', last_update_time: now });
    const trash = join(context.root, TRASH);
    await mkdir(trash, { recursive: true });
    await move(folder.path, join(trash, id));
  });
}

async function move(from: string, to: string): Promise<void> {
  await rename(from, to).catch((thrown: unknown) => {
    throw fileFailure(thrown, from);
  });
}

async function restore(context: FileContext, id: string, io: Io): Promise<void> {
  context.assertWritable();
  await context.alone(io, async () => {
    const folder = await findExperimentFolder(context.root, id);
    if (!folder?.isDeleted) {
      const inTrash = await exists(join(context.root, TRASH, id));
      throw inTrash && folder
        ? nameTaken(await readExperiment(context, folder))
        : noExperiment(id, context, 'deleted');
    }
    const path = join(context.root, id);
    await move(folder.path, path);
    const meta = await readMeta(path, context.clock);
    const now = context.clock.now();
    await changeMeta(meta, { lifecycle_stage: 'active', last_update_time: now });
    await markRuns(context, { id, path, isDeleted: false }, 'active', now);
  });
}

async function changeName(context: FileContext, id: string, name: string, io: Io): Promise<void> {
  context.assertWritable();
  assertExperimentName(name);
  await context.alone(io, async () => {
    const folder = await activeFolder(context, id);
    const held = await findByName(context, name);
    if (held && held.experimentId !== id) throw nameTaken(held);
    const meta = await readMeta(folder.path, context.clock);
    await changeMeta(meta, { name, last_update_time: context.clock.now() });
  });
}

/** The folder of an experiment that is active. @throws Failure not-found, invalid when it is deleted */
export async function activeFolder(context: FileContext, id: string): Promise<ExperimentFolder> {
  const folder = await findExperimentFolder(context.root, id);
  if (!folder) throw noExperiment(id, context);
  if (!folder.isDeleted) return folder;
  throw new Failure({
    kind: 'invalid',
    message: `the experiment ${id} is deleted`,
    subject: id,
    hint: `restore it first with: mlstow experiments restore -x ${id}`,
  });
}

async function* search(
  context: FileContext,
  options: { readonly view: View; readonly maxResults?: number },
): AsyncGenerator<readonly Experiment[]> {
  const all = (await readAll(context, options.view)).sort(byNewest).slice(0, options.maxResults);
  for (let start = 0; start < all.length; start += PAGE) yield all.slice(start, start + PAGE);
}

/** Experiments in folders, with the semantics of MLflow's FileStore. */
export function fileExperiments(context: FileContext): Experiments {
  return {
    create: (experiment, io) => create(context, experiment, io),
    get: async (id) => {
      const folder = await findExperimentFolder(context.root, id);
      if (!folder) throw noExperiment(id, context);
      return await readExperiment(context, folder);
    },
    findByName: (name) => findByName(context, name),
    search: (options) => search(context, options),
    delete: (id, io) => remove(context, id, io),
    restore: (id, io) => restore(context, id, io),
    update: async (id, change, io) => {
      if (change.name !== undefined) await changeName(context, id, change.name, io);
    },
    setTag: async (id, key, value) => {
      context.assertWritable();
      assertExperimentTags({ [key]: value });
      const folder = await activeFolder(context, id);
      await writeKeyFile(folder.path, 'tags', key, value);
    },
    deleteTag: async (id, key) => {
      context.assertWritable();
      const folder = await activeFolder(context, id);
      if (!(await removeKeyFile(folder.path, 'tags', key))) throw noExperimentTag(id, key);
    },
  };
}
