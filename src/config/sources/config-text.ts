import type * as YamlPackage from 'yaml';
import { Failure } from '../../core/failure.ts';
import { isKey, type Key } from '../settings/index.ts';

/** One value in a configuration file, never null; `key` is dotted however it was nested, `line` counts from 1. */
export interface Written {
  readonly key: string;
  readonly value: unknown;
  readonly line: number;
}

/** What a configuration file says. */
export interface ConfigText {
  readonly top: readonly Written[];
  readonly profiles: ReadonlyMap<string, readonly Written[]>;
}

type Yaml = (typeof YamlPackage)['default'];

interface Reader {
  readonly yaml: Yaml;
  readonly file: string;
  readonly toValue: (node: unknown) => unknown;
  readonly lineOf: (node: unknown) => number;
}

/** A file that cannot be understood: one sentence with file and line. */
export function unreadable(file: string, line: number | undefined, why: string, cause?: unknown): Failure {
  const subject = line === undefined ? file : `${file}:${line}`;
  return new Failure(
    {
      kind: 'misconfigured',
      message: `cannot read the configuration at ${subject}: ${why}`,
      subject,
      hint: 'correct the file, or move it away',
    },
    cause,
  );
}

function flatten(node: unknown, prefix: string, reader: Reader, into: Written[]): void {
  if (!reader.yaml.isMap(node)) return;
  for (const { key: keyNode, value: valueNode } of node.items) {
    const key = prefix + String(reader.yaml.isScalar(keyNode) ? keyNode.value : keyNode);
    const target = reader.yaml.isAlias(valueNode) ? undefined : valueNode;
    if (!isKey(key) && reader.yaml.isMap(target) && target.items.length > 0) {
      flatten(target, `${key}.`, reader, into);
      continue;
    }
    const value = reader.toValue(valueNode);
    if (value === null || value === undefined) continue;
    const line = reader.lineOf(keyNode);
    const twin = into.find((written) => written.key === key);
    if (twin) throw unreadable(reader.file, line, `${key} is there already, in line ${twin.line}`);
    into.push({ key, value, line });
  }
}

function settingsOf(node: unknown, what: string, reader: Reader): readonly Written[] {
  if (node === null || node === undefined) return [];
  if (reader.yaml.isScalar(node) && node.value === null) return [];
  if (!reader.yaml.isMap(node))
    throw unreadable(reader.file, reader.lineOf(node), `${what} is not a mapping`);
  const written: Written[] = [];
  flatten(node, '', reader, written);
  return written;
}

function split(root: unknown, reader: Reader): ConfigText {
  if (!reader.yaml.isMap(root)) return { top: settingsOf(root, 'the file', reader), profiles: new Map() };
  const profiles = new Map<string, readonly Written[]>();
  const found = root.items.find(({ key }) => reader.yaml.isScalar(key) && key.value === 'profiles');
  if (reader.yaml.isMap(found?.value)) {
    for (const { key, value } of found.value.items) {
      const name = String(reader.yaml.isScalar(key) ? key.value : key);
      profiles.set(name, settingsOf(value, `profile ${name}`, reader));
    }
  } else if (found) {
    settingsOf(found.value, 'profiles', reader);
  }
  const top: Written[] = [];
  const rest = new reader.yaml.YAMLMap();
  rest.items = root.items.filter((item) => item !== found);
  flatten(rest, '', reader, top);
  return { top, profiles };
}

/**
 * Reads YAML, or JSON as the YAML that it is: data only, custom tags make nothing, aliases cannot explode. With
 * `property` only that member of the root is read; undefined when it is absent.
 * @throws Failure misconfigured with file and line
 */
export async function parseConfigText(
  file: string,
  content: string,
  property?: string,
): Promise<ConfigText | undefined> {
  // A CommonJS package: when bundled, its names are members of the default export only.
  const { default: yaml } = await import('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(content, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error)
    throw unreadable(file, lines.linePos(error.pos[0]).line, error.message.split('\n', 1)[0] ?? '', error);
  const reader: Reader = {
    yaml,
    file,
    toValue: (node): unknown => (yaml.isNode(node) ? node.toJS(document, { maxAliasCount: 20 }) : node),
    lineOf: (node) => lines.linePos((yaml.isNode(node) ? node.range?.[0] : undefined) ?? 0).line,
  };
  if (property === undefined) return split(document.contents, reader);
  const member: unknown = yaml.isMap(document.contents) ? document.contents.get(property, true) : undefined;
  return member === undefined ? undefined : split(member, reader);
}

/** The settings among `written`, by key. */
export function byKey(written: readonly Written[]): ReadonlyMap<Key, Written> {
  const found = new Map<Key, Written>();
  for (const one of written) if (isKey(one.key)) found.set(one.key, one);
  return found;
}
