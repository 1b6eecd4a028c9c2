import { dirname, join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import type { Dataset, DatasetInput, Metric, Run, RunInfo } from '../entities.ts';
import { RUN_NAME_TAG } from '../entity-rules.ts';
import type { FileContext } from './context.ts';
import { forEachFew, readKeyFiles } from './key-files.ts';
import { subfolders } from './layout.ts';
import type { Meta } from './meta.ts';
import { readMetaIfAny } from './meta.ts';

/** A number as Python's `float` writes it. */
function pythonFloat(text: string): number {
  const named = /^([+-]?)(nan|inf|infinity)$/i.exec(text);
  if (!named) return Number(text);
  const [, sign, name] = named;
  if (name?.toLowerCase() === 'nan') return Number.NaN;
  return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function parseLine(key: string, line: string, path: string): Metric {
  const parts = line.trim().split(' ');
  const [timestamp = '', value = '', step = '0'] = parts;
  const metric = {
    key,
    value: pythonFloat(value),
    timestamp: Number(timestamp),
    step: parts.length === 3 ? Number(step) : 0,
  };
  const isNumber = value !== '' && (!Number.isNaN(metric.value) || /nan/i.test(value));
  if (
    [2, 3, 5].includes(parts.length) &&
    isNumber &&
    Number.isFinite(metric.timestamp) &&
    Number.isFinite(metric.step)
  ) {
    return metric;
  }
  throw new Failure({
    kind: 'corrupt',
    message: `${path} holds a line that is no metric: ${JSON.stringify(line.slice(0, 80))}`,
    subject: path,
    hint: 'mend or remove the line',
  });
}

/** The last point of a metric: the largest step, then time, then value (file_store.py, `_get_metric_from_file`). */
function isLater(a: Metric, b: Metric): boolean {
  if (a.step !== b.step) return a.step > b.step;
  return a.timestamp === b.timestamp ? a.value > b.value : a.timestamp > b.timestamp;
}

function latest(key: string, text: string, path: string): Metric | undefined {
  let last: Metric | undefined;
  for (const line of text.split('\n').filter((found) => found.trim() !== '')) {
    const metric = parseLine(key, line, path);
    if (!last || isLater(metric, last)) last = metric;
  }
  return last;
}

async function readMetrics(folder: string): Promise<readonly Metric[]> {
  const files = await readKeyFiles(join(folder, 'metrics'));
  return files
    .map(([key, text]) => latest(key, text, join(folder, 'metrics', key)))
    .filter((metric) => metric !== undefined);
}

async function readLinks(context: FileContext, folder: string, name: string): Promise<readonly Meta[]> {
  const links = await forEachFew(await subfolders(join(folder, name)), (link) =>
    readMetaIfAny(join(folder, name, link), context.clock),
  );
  return links.filter((meta) => meta !== undefined);
}

function toDataset(meta: Meta): Dataset {
  const [schema, profile] = [meta.text('schema'), meta.text('profile')];
  return {
    name: meta.text('name') ?? '',
    digest: meta.text('digest') ?? '',
    sourceType: meta.text('source_type') ?? '',
    source: meta.text('source') ?? '',
    ...(schema === undefined ? {} : { schema }),
    ...(profile === undefined ? {} : { profile }),
  };
}

async function readDataset(
  context: FileContext,
  folder: string,
  link: Meta,
): Promise<DatasetInput | undefined> {
  const id = link.text('source_id') ?? '';
  if (!/^[\w-]+$/.test(id)) return undefined;
  const meta = await readMetaIfAny(join(dirname(folder), 'datasets', id), context.clock);
  if (!meta) {
    context.notify(`${link.path} names the dataset ${id}, which is not in the store`);
    return undefined;
  }
  return { dataset: toDataset(meta), tags: link.texts('tags') };
}

/** Completes a run with its tags, parameters, latest metrics, inputs and outputs. @throws Failure corrupt */
export async function completeRun(context: FileContext, folder: string, info: RunInfo): Promise<Run> {
  const tags = Object.fromEntries(await readKeyFiles(join(folder, 'tags')));
  const inputs = await readLinks(context, folder, 'inputs');
  const outputs = await readLinks(context, folder, 'outputs');
  const datasets = await forEachFew(
    inputs.filter((link) => link.text('source_type') === 'DATASET'),
    (link) => readDataset(context, folder, link),
  );
  const runName = info.runName ?? tags[RUN_NAME_TAG];
  return {
    info: { ...info, ...(runName ? { runName } : {}) },
    metrics: await readMetrics(folder),
    params: Object.fromEntries(await readKeyFiles(join(folder, 'params'))),
    tags,
    datasetInputs: datasets.filter((input) => input !== undefined),
    modelInputs: inputs
      .filter((link) => link.text('source_type') === 'MODEL')
      .map((link) => ({ modelId: link.text('source_id') ?? '' })),
    modelOutputs: outputs
      .filter((link) => link.text('destination_type') === 'MODEL_OUTPUT')
      .map((link) => ({ modelId: link.text('destination_id') ?? '', step: link.number('step') ?? 0 })),
  };
}
