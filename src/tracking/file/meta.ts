import type * as YamlModule from 'yaml';
import type { Document, Scalar } from 'yaml';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { Failure } from '../../core/failure.ts';
import { errorCode, fileFailure, META } from './layout.ts';
import { writeWhole } from './write-whole.ts';

/** What `meta.yaml` may hold at its top. */
export type MetaValue = string | number | null;

/** A `meta.yaml`: every scalar as text, so that a run id of digits and one `e` stays text. */
export interface Meta {
  readonly path: string;
  /** Text of a scalar; absent when the key is missing or its value is null. */
  text(key: string): string | undefined;
  /** A whole number. @throws Failure corrupt when it is something else */
  number(key: string): number | undefined;
  /** A map of texts. */
  texts(key: string): Readonly<Record<string, string>>;
  /** The file's text with some values replaced or added, all others as they were. */
  with(changes: Readonly<Record<string, MetaValue>>): string;
}

const NULLS: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL']);
const OPTIONS = { schema: 'failsafe', version: '1.1' } as const;
/** MLflow's own writes are not atomic: an empty file is read again. */
const EMPTY_RETRY_MS: readonly number[] = [100, 200];

/** PyYAML refuses some characters that YAML allows; as escapes it takes them. */
function escapeForPython(text: string): string {
  return text.replace(
    /[\u007f-\u0084\u0086-\u009f\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function corrupt(path: string, why: string, cause?: unknown): Failure {
  return new Failure(
    {
      kind: 'corrupt',
      message: `${path} ${why}`,
      subject: path,
      hint: 'restore the file from a backup, or move its folder out of the store',
    },
    cause,
  );
}

function isPlainNull(scalar: Scalar): boolean {
  return (scalar.type === undefined || scalar.type === 'PLAIN') && NULLS.has(String(scalar.value));
}

type Yaml = (typeof YamlModule)['default'];

function scalarOf(yaml: Yaml, value: MetaValue): Scalar {
  const scalar = new yaml.Scalar(value === null ? 'null' : String(value));
  scalar.type = typeof value === 'string' ? 'QUOTE_DOUBLE' : 'PLAIN';
  return scalar;
}

function render(yaml: Yaml, document: Document): string {
  if (yaml.isMap(document.contents)) {
    document.contents.items.sort((a, b) => (String(a.key) < String(b.key) ? -1 : 1));
  }
  return escapeForPython(document.toString({ lineWidth: 0, directives: false }));
}

function metaOf(yaml: Yaml, path: string, source: string): Meta {
  const parse = (): Document => yaml.parseDocument(source, OPTIONS);
  const document = parse();
  const [error] = document.errors;
  if (error)
    throw corrupt(path, `is not valid YAML: ${error.message.split('\n')[0]?.replace(/:$/, '') ?? ''}`, error);
  const map = document.contents;
  if (!yaml.isMap(map)) throw corrupt(path, 'holds no settings');
  const text = (key: string): string | undefined => {
    const node: unknown = map.get(key, true);
    if (node === undefined) return undefined;
    if (!yaml.isScalar(node)) throw corrupt(path, `holds something unexpected as ${key}`);
    return isPlainNull(node) ? undefined : String(node.value);
  };
  return {
    path,
    text,
    number(key) {
      const found = text(key);
      if (found === undefined) return undefined;
      const number = Number(found);
      if (!Number.isFinite(number)) throw corrupt(path, `holds no number as ${key}`);
      return number;
    },
    texts(key) {
      const node: unknown = map.get(key, true);
      const plain: unknown = yaml.isMap(node) ? node.toJSON() : {};
      return Object.fromEntries(
        Object.entries(plain as object).map(([name, value]) => [name, String(value)]),
      );
    },
    with(changes) {
      const changed = parse();
      for (const [key, value] of Object.entries(changes)) changed.set(key, scalarOf(yaml, value));
      return render(yaml, changed);
    },
  };
}

/**
 * Reads the `meta.yaml` of a folder, or what is called otherwise there.
 * @throws Failure not-found, corrupt naming the file, denied
 */
export async function readMeta(folder: string, clock: Clock, name: string = META): Promise<Meta> {
  const path = join(folder, name);
  const { default: yaml } = await import('yaml');
  for (let attempt = 0; ; attempt += 1) {
    const source = await readFile(path, 'utf8').catch((thrown: unknown) => {
      throw fileFailure(thrown, path);
    });
    if (source.trim() !== '') return metaOf(yaml, path, source);
    const pauseMs = EMPTY_RETRY_MS[attempt];
    if (pauseMs === undefined) throw corrupt(path, 'is empty');
    await clock.sleep(pauseMs);
  }
}

/** As `readMeta`, but undefined when the folder has no such file. */
export async function readMetaIfAny(
  folder: string,
  clock: Clock,
  name: string = META,
): Promise<Meta | undefined> {
  try {
    return await readMeta(folder, clock, name);
  } catch (thrown) {
    if (thrown instanceof Failure && errorCode(thrown.cause) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** Writes the `meta.yaml` of a folder in one step, keys sorted as MLflow does; `tags: []` is for old readers. */
export async function writeNewMeta(
  folder: string,
  values: Readonly<Record<string, MetaValue>>,
  emptyLists: readonly string[] = [],
): Promise<void> {
  const { default: yaml } = await import('yaml');
  const document = new yaml.Document({}, { schema: 'failsafe', version: '1.1' });
  for (const [key, value] of Object.entries(values)) document.set(key, scalarOf(yaml, value));
  for (const key of emptyLists) {
    const list = new yaml.YAMLSeq();
    list.flow = true;
    document.set(key, list);
  }
  await writeWhole(join(folder, META), render(yaml, document));
}

/** Replaces values of a `meta.yaml` in one step. */
export async function changeMeta(meta: Meta, changes: Readonly<Record<string, MetaValue>>): Promise<void> {
  await writeWhole(meta.path, meta.with(changes));
}
