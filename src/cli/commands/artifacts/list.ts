import { joinPath, type Under } from '../../../core/artifact-path.ts';
import type { Entry } from '../../../artifacts/store.ts';
import { command, flag, text, type View } from '../../command.ts';
import { readPath } from './artifact-path-operand.ts';
import { STORE_OPTIONS } from '../../global-options.ts';
import type { ArtifactItem } from '../../output/artifacts.ts';
import { pythonJson } from '../../render/python.ts';

/** An entry as `--output json` shows it. */
function toItem(entry: Entry, at: Under): ArtifactItem {
  const whole = entry.checksums.filter(({ scope }) => scope === 'whole');
  return {
    path: joinPath(at, entry.path),
    is_dir: entry.kind === 'directory',
    ...(entry.size === undefined ? {} : { file_size: entry.size }),
    ...(entry.modified ? { last_modified: entry.modified.toISOString() } : {}),
    ...(whole.length === 0
      ? {}
      : { checksums: Object.fromEntries(whole.map(({ algorithm, value }) => [algorithm, value])) }),
  };
}

/** mlflow's own fields: it leaves out the size of folders and of empty files. */
function toMlflow({ path, is_dir, file_size }: ArtifactItem): string {
  return pythonJson({ path, is_dir, ...(file_size ? { file_size } : {}) }, 2);
}

async function* mlflowArray(items: AsyncIterable<ArtifactItem>): AsyncGenerator<string> {
  let before = '[';
  for await (const item of items) {
    yield `${before}${toMlflow(item)}`;
    before = ', ';
  }
  yield before === '[' ? '[]\n' : ']\n';
}

async function* sorted(pages: AsyncIterable<readonly Entry[]>): AsyncGenerator<Entry> {
  const entries: Entry[] = [];
  for await (const page of pages) entries.push(...page);
  for (const entry of entries.sort((a, b) => (a.path < b.path ? -1 : 1))) yield entry;
}

async function* flat(pages: AsyncIterable<readonly Entry[]>): AsyncGenerator<Entry> {
  for await (const page of pages) for (const entry of page) yield entry;
}

export const listArtifacts = command({
  name: 'artifacts list',
  summary: 'List the artifacts of a run, or below a URI.',
  details: [
    'Text is the JSON array that mlflow prints. --output json adds times and checksums where the store knows them, --output jsonl streams one entry a line, -q prints one path a line.',
  ],
  examples: [
    'mlstow artifacts list -r $RUN_ID -R',
    'mlstow artifacts list -u s3://bucket/path --output json | jq',
  ],
  options: {
    runId: text('-r, --run-id <id>', 'run whose artifacts to list', {
      setting: 'tracking.runId',
      completes: 'run-id',
    }),
    uri: text('-u, --artifact-uri <uri>', 'list below this URI instead of a run'),
    artifactPath: text('-a, --artifact-path <path>', 'list below this path only', {
      completes: 'artifact-path',
    }),
    recursive: flag('-R, --recursive', 'list everything below, not only direct children'),
    ...STORE_OPTIONS,
  },
  async run(session, values): Promise<View<ArtifactItem>> {
    const { openReader } = await import('../../../session/open-reader.ts');
    const path = readPath(values.artifactPath);
    const { reader, at } = await openReader(session, { runId: values.runId, uri: values.uri, path });
    const pages = reader.list('', { recursive: values.recursive }, session.io);
    const items = async function* (): AsyncGenerator<ArtifactItem> {
      for await (const entry of values.recursive ? flat(pages) : sorted(pages)) yield toItem(entry, at);
    };
    return {
      items: items(),
      text: mlflowArray,
      quiet: async function* (found) {
        for await (const { path: name } of found) yield `${name}\n`;
      },
    };
  },
});
