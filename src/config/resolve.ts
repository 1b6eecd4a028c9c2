import { Failure } from '../core/failure.ts';
import { collectCandidates, type Candidate, type Flags } from './candidates.ts';
import { didYouMean } from './did-you-mean.ts';
import { displayRaw, displayValue } from './display.ts';
import { collectIgnored, type IgnoredSetting } from './ignored.ts';
import { describeOrigin, type Origin } from './origin.ts';
import { parseSetting } from './parse.ts';
import { declarationOf, KEYS, type Key, type ValueOf } from './settings/index.ts';
import { findConfigFiles, type ConfigFile } from './sources/files.ts';
import { readMlflowCredentials } from './sources/mlflow-credentials.ts';

/** What settings are read from. */
export interface ConfigOptions {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** Absolute. */
  readonly home: string;
  /** As `--profile`; beats MLSTOW_PROFILE. */
  readonly profile?: string;
}

/** A value that lost against one of higher precedence. */
export interface Shadowed {
  readonly origin: Origin;
  /** Redacted. */
  readonly display: string;
}

/** A key's value, where it comes from, and what it beat. */
export interface Resolved<T = unknown> {
  readonly value: T;
  /** The only form that may be shown: redacted; empty when unset. */
  readonly display: string;
  readonly origin: Origin;
  /** In order of precedence; without the default. */
  readonly shadowed: readonly Shadowed[];
}

/** One row of everything: a malformed value is told instead of thrown. */
export type Entry =
  { readonly key: Key; readonly resolved: Resolved } | { readonly key: Key; readonly failure: Failure };

/** What a server answered, below every file and above the defaults. */
export type ServerAnswers = { readonly [K in Key]?: Exclude<ValueOf<K>, undefined> };

/** Settings, resolved when asked. Durations are in ms, sizes in bytes, paths absolute. */
export interface Config {
  /** @throws Failure misconfigured (usage when a flag gave it) when that key's value is malformed */
  get<K extends Key>(key: K): ValueOf<K>;
  /** @throws Failure as `get` */
  resolved<K extends Key>(key: K): Resolved<ValueOf<K>>;
  entries(): readonly Entry[];
  readonly ignored: readonly IgnoredSetting[];
  /** The chosen profile. */
  readonly profile: string | undefined;
  /** The files that were read, in order of precedence. */
  readonly files: readonly string[];
  withServerAnswers(values: ServerAnswers): Config;
}

interface State {
  readonly home: string;
  readonly cwd: string;
  readonly candidates: ReadonlyMap<Key, readonly Candidate[]>;
  readonly server: ServerAnswers;
  readonly ignored: readonly IgnoredSetting[];
  readonly profile: string | undefined;
  readonly files: readonly string[];
}

function malformed(key: Key, candidate: Candidate, problem: string): Failure {
  const { origin } = candidate;
  const place = origin.file === undefined ? origin.name : `${key} in ${describeOrigin(origin)}`;
  const subject = origin.file === undefined ? origin.name : `${origin.file}:${key}`;
  const declaration = declarationOf(key);
  const quoted = declaration.secret ? '' : ` (${displayRaw(candidate.raw, declaration)})`;
  return new Failure({
    kind: origin.from === 'flag' ? 'usage' : 'misconfigured',
    message: `${place} is ${problem}${problem === 'empty' ? '' : quoted}`,
    subject,
    hint: `correct or remove ${place}; it means: ${declaration.help}`,
    settings: [key],
  });
}

/** Whether sizes and durations may carry a unit there: not where the variable's grammar is another program's. */
function takesSuffixes(origin: Origin): boolean {
  return origin.from !== 'environment' || origin.name.startsWith('MLSTOW_');
}

function parseCandidate(key: Key, candidate: Candidate, home: string): unknown {
  const place = { home, base: candidate.base, suffixes: takesSuffixes(candidate.origin) };
  const parsed = parseSetting(candidate.raw, declarationOf(key), place);
  if ('problem' in parsed) throw malformed(key, candidate, parsed.problem);
  return parsed.value;
}

function fallback(key: Key, state: State): Resolved {
  const declaration = declarationOf(key);
  const answer = state.server[key];
  const from = answer === undefined ? 'default' : 'server';
  const written: unknown = answer ?? declaration.default;
  // A default path may begin with `~`; every other default is the value itself.
  const value =
    declaration.type === 'path' && written !== undefined
      ? parseCandidate(key, { raw: written, origin: { from, name: key }, base: state.cwd }, state.home)
      : written;
  const display = value === undefined ? '' : displayValue(value, declaration);
  return { value, display, origin: { from, name: key }, shadowed: [] };
}

function resolveKey(key: Key, state: State): Resolved {
  const [winner, ...losers] = state.candidates.get(key) ?? [];
  if (!winner) return fallback(key, state);
  const declaration = declarationOf(key);
  const value = parseCandidate(key, winner, state.home);
  const answer = state.server[key];
  const shadowed: Shadowed[] = losers.map(({ origin, raw }) => ({
    origin,
    display: displayRaw(raw, declaration),
  }));
  if (answer !== undefined) {
    shadowed.push({ origin: { from: 'server', name: key }, display: displayValue(answer, declaration) });
  }
  return { value, display: displayValue(value, declaration), origin: winner.origin, shadowed };
}

function entryOf(key: Key, state: State): Entry {
  try {
    return { key, resolved: resolveKey(key, state) };
  } catch (thrown) {
    if (thrown instanceof Failure) return { key, failure: thrown };
    throw thrown;
  }
}

function configOf(state: State): Config {
  return {
    get: <K extends Key>(key: K) => resolveKey(key, state).value as ValueOf<K>,
    resolved: <K extends Key>(key: K) => resolveKey(key, state) as Resolved<ValueOf<K>>,
    entries: () => KEYS.map((key) => entryOf(key, state)),
    ignored: state.ignored,
    profile: state.profile,
    files: state.files,
    withServerAnswers: (values) => configOf({ ...state, server: { ...state.server, ...values } }),
  };
}

function checkProfile(name: string, byFlag: boolean, files: readonly ConfigFile[]): void {
  const known = [...new Set(files.flatMap((file) => [...file.text.profiles.keys()]))];
  if (known.includes(name)) return;
  const near = didYouMean(name, known);
  const list = files.map((file) => file.file).join(', ');
  throw new Failure({
    kind: byFlag ? 'usage' : 'misconfigured',
    message: `no configuration file has a profile ${JSON.stringify(name)}`,
    subject: byFlag ? '--profile' : 'MLSTOW_PROFILE',
    hint:
      known.length === 0
        ? `add profiles.${name} to ${list === '' ? '~/.config/mlstow/config.yaml' : list}`
        : `${near === undefined ? '' : `did you mean ${near}? `}profiles: ${known.join(', ')}`,
    settings: ['cli.profile'],
  });
}

/**
 * Reads every source once. Precedence: flag, environment (an empty variable counts as unset), project file, user file,
 * `~/.mlflow/credentials`, server's answer, default; in each file the chosen profile beats the top level.
 * @throws Failure misconfigured when a file cannot be parsed; misconfigured or usage when no file has the chosen profile.
 * Malformed values fail only when their key is asked for.
 */
export async function loadConfig(options: ConfigOptions): Promise<Config> {
  const { env, cwd, home } = options;
  const given = options.profile ?? options.flags['cli.profile'];
  const flags = given === undefined ? options.flags : { ...options.flags, 'cli.profile': given };
  const profile = typeof given === 'string' ? given : env['MLSTOW_PROFILE'] || undefined;
  const files = await findConfigFiles(cwd, home, env['XDG_CONFIG_HOME']);
  if (profile !== undefined) checkProfile(profile, given !== undefined, files);
  const credentials = await readMlflowCredentials(home);
  return configOf({
    home,
    cwd,
    candidates: collectCandidates({ flags, env, cwd, files, profile, credentials }),
    server: {},
    ignored: collectIgnored(files, env),
    profile,
    files: files.map((file) => file.file),
  });
}
