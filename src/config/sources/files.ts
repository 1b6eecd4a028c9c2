import { access } from 'node:fs/promises';
import { devNull } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { PublicExplorer } from 'cosmiconfig';
import { Failure } from '../../core/failure.ts';
import { parseConfigText, unreadable, type ConfigText } from './config-text.ts';

/** A configuration file that was found. */
export interface ConfigFile {
  readonly file: string;
  /** Whether it was found from the working directory: then it is not trusted with everything. */
  readonly project: boolean;
  readonly text: ConfigText;
}

/** In order of precedence within one directory. */
const PLACES = [
  'mlstow.config.yaml',
  'mlstow.config.yml',
  'mlstow.config.json',
  '.mlstowrc',
  'package.json',
] as const;

async function load(file: string, content: string): Promise<unknown> {
  if (basename(file) !== 'package.json') return parseConfigText(file, content);
  // A package.json that does not name us is none of our business, well-formed or not.
  if (!content.includes('"mlstow"')) return {};
  return { mlstow: await parseConfigText(file, content, 'mlstow') };
}

/**
 * An explorer that can load YAML and JSON only. Made while the working directory seems to be nowhere: cosmiconfig reads
 * settings of its own from there, and would run `.config/config.js` to get them.
 */
async function explore(): Promise<PublicExplorer> {
  // A CommonJS package: when bundled, its names are members of the default export only.
  const { cosmiconfig } = (await import('cosmiconfig')).default;
  const workingDirectory = process.cwd.bind(process);
  process.cwd = () => devNull;
  try {
    return cosmiconfig('mlstow', {
      searchPlaces: [...PLACES],
      loaders: { '.yaml': load, '.yml': load, '.json': load, noExt: load },
      searchStrategy: 'none',
      cache: false,
    });
  } finally {
    process.cwd = workingDirectory;
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function read<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    throw unreadable(file, undefined, thrown instanceof Error ? thrown.message : String(thrown), thrown);
  }
}

/** Looks in `from` and above, up to the first directory that holds `.git` or `package.json`. */
async function findProjectFile(from: string): Promise<ConfigFile | undefined> {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    const here = directory;
    const present = await Promise.all(PLACES.map((place) => exists(join(here, place))));
    if (present.includes(true)) {
      const explorer = await explore();
      const found = await read(here, () => explorer.search(here));
      if (found?.config) return { file: found.filepath, project: true, text: found.config as ConfigText };
    }
    const last = present[PLACES.indexOf('package.json')] === true || (await exists(join(here, '.git')));
    if (last || dirname(here) === here) return undefined;
  }
}

async function findUserFile(home: string, configHome: string | undefined): Promise<ConfigFile | undefined> {
  // The XDG specification: a relative path is invalid and ignored.
  const root = configHome !== undefined && isAbsolute(configHome) ? configHome : join(home, '.config');
  const file = join(root, 'mlstow', 'config.yaml');
  if (!(await exists(file))) return undefined;
  const explorer = await explore();
  const loaded = await read(file, () => explorer.load(file));
  return loaded?.config ? { file, project: false, text: loaded.config as ConfigText } : undefined;
}

/**
 * The project file and the user file, those that exist, in order of precedence. Nothing in them is ever executed.
 * @throws Failure misconfigured when one cannot be read or parsed, with file and line
 * @see https://specifications.freedesktop.org/basedir-spec/latest/ for XDG_CONFIG_HOME
 */
export async function findConfigFiles(
  cwd: string,
  home: string,
  configHome: string | undefined,
): Promise<readonly ConfigFile[]> {
  const found = await Promise.all([findProjectFile(cwd), findUserFile(home, configHome)]);
  return found.filter((file) => file !== undefined);
}
