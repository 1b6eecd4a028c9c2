import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseXML } from '@aws-sdk/xml-builder';
import { Failure } from '../../../core/failure.ts';

/** Hadoop's properties, by name. */
export type HadoopConfiguration = ReadonlyMap<string, string>;

type Element = string | { readonly [name: string]: Element | readonly Element[] };

const FILES = ['core-site.xml', 'hdfs-site.xml'];
/** Hadoop's own limit (`Configuration.MAX_SUBST`). */
const MAX_SUBSTITUTIONS = 20;
const VARIABLE = /\$\{([^${}\s]+)\}/g;

function childrenOf(element: Element | undefined, name: string): readonly Element[] {
  if (typeof element !== 'object' || !Object.hasOwn(element, name)) return [];
  const found = element[name];
  if (found === undefined) return [];
  return Array.isArray(found) ? (found as readonly Element[]) : [found as Element];
}

function textOf(element: Element, name: string): string | undefined {
  const [child] = childrenOf(element, name);
  return typeof child === 'string' ? child.trim() : undefined;
}

/**
 * The properties of one file. @throws Failure misconfigured when it is not a Hadoop configuration
 * @see https://hadoop.apache.org/docs/r3.4.1/api/org/apache/hadoop/conf/Configuration.html
 */
export function parseSiteFile(xml: string, file: string): ReadonlyMap<string, string> {
  let document: Element;
  try {
    document = parseXML(xml) as Element;
  } catch (thrown) {
    throw notReadable(file, 'it is not XML', thrown);
  }
  if (typeof document !== 'object' || !Object.hasOwn(document, 'configuration')) {
    throw notReadable(file, 'it has no <configuration>');
  }
  const [configuration] = childrenOf(document, 'configuration');
  const found = new Map<string, string>();
  for (const property of childrenOf(configuration, 'property')) {
    const name = textOf(property, 'name');
    const value = textOf(property, 'value');
    if (name !== undefined && value !== undefined) found.set(name, value);
  }
  return found;
}

function notReadable(file: string, why: string, cause?: unknown): Failure {
  return new Failure(
    {
      kind: 'misconfigured',
      message: `the Hadoop configuration ${file} cannot be read: ${why}`,
      subject: file,
      hint: 'mend it, or point HADOOP_CONF_DIR at the right folder',
      settings: ['hdfs.confDir', 'hdfs.home'],
    },
    cause,
  );
}

async function readSite(file: string): Promise<ReadonlyMap<string, string>> {
  let xml: string;
  try {
    xml = await readFile(file, 'utf8');
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return new Map();
    throw notReadable(file, code, thrown);
  }
  return parseSiteFile(xml, file);
}

/** `${name}` in a value is that property's value; a name that is not known stays as it is. */
function substitute(raw: ReadonlyMap<string, string>, text: string): string {
  let current = text;
  for (let round = 0; round < MAX_SUBSTITUTIONS; round += 1) {
    const next = current.replaceAll(VARIABLE, (whole, name: string) => raw.get(name) ?? whole);
    if (next === current) return current;
    current = next;
  }
  return current;
}

/** The properties in force: `core-site.xml`, then `hdfs-site.xml`, then `extra`; files that are absent say nothing. */
export async function readConfiguration(
  folder: string | undefined,
  extra: readonly string[] = [],
): Promise<HadoopConfiguration> {
  const raw = new Map<string, string>();
  if (folder !== undefined) {
    for (const name of FILES) {
      for (const [key, value] of await readSite(join(folder, name))) raw.set(key, value);
    }
  }
  for (const pair of extra) {
    const equals = pair.indexOf('=');
    if (equals > 0) raw.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
  }
  return new Map([...raw].map(([key, value]) => [key, substitute(raw, value)]));
}
