import { dirname } from 'node:path';
import type { Origin } from './origin.ts';
import { declarationOf, KEYS, type Key } from './settings/index.ts';
import { byKey, type Written } from './sources/config-text.ts';
import type { ConfigFile } from './sources/files.ts';
import type { MlflowCredentials } from './sources/mlflow-credentials.ts';

/** A value that some source gives to a key. */
export interface Candidate {
  readonly raw: unknown;
  readonly origin: Origin;
  /** The directory that a relative path in it counts from. */
  readonly base: string;
}

/** What the command line gave, by key. */
export type Flags = Partial<Readonly<Record<Key, string | boolean | readonly string[]>>>;

/** Everything that settings come from, read already. */
export interface Sources {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly files: readonly ConfigFile[];
  readonly profile: string | undefined;
  readonly credentials: MlflowCredentials | undefined;
}

function fromFlag(key: Key, sources: Sources): readonly Candidate[] {
  const raw = sources.flags[key];
  if (raw === undefined || (Array.isArray(raw) && raw.length === 0)) return [];
  return [{ raw, origin: { from: 'flag', name: declarationOf(key).flag ?? key }, base: sources.cwd }];
}

function fromEnvironment(key: Key, sources: Sources): readonly Candidate[] {
  return (declarationOf(key).variables ?? []).flatMap((variable) => {
    const name = typeof variable === 'string' ? variable : variable.name;
    const raw = sources.env[name];
    if (raw === undefined || raw === '') return [];
    const replaced = typeof variable === 'string' ? {} : { replacedBy: variable.replacedBy };
    return [{ raw, origin: { from: 'environment', name, ...replaced }, base: sources.cwd }];
  });
}

/** Why a file may not set a key, or undefined when it may. */
export function refusal(key: Key, project: boolean): 'project-file' | 'any-file' | undefined {
  const declaration = declarationOf(key);
  if (declaration.userFile === 'refused') return 'any-file';
  return project && declaration.projectFile === 'refused' ? 'project-file' : undefined;
}

type Index = ReadonlyMap<Key, Written>;

function fromFile(key: Key, file: ConfigFile, index: Index, profile?: string): readonly Candidate[] {
  const written = index.get(key);
  if (!written || refusal(key, file.project)) return [];
  const origin: Origin = {
    from: profile === undefined ? 'file' : 'profile',
    name: profile === undefined ? key : `profiles.${profile}.${key}`,
    file: file.file,
    line: written.line,
    ...(file.project ? { project: true } : {}),
  };
  return [{ raw: written.value, origin, base: dirname(file.file) }];
}

function fromCredentials(key: Key, sources: Sources): readonly Candidate[] {
  const raw = sources.credentials?.values.get(key);
  if (raw === undefined || !sources.credentials) return [];
  return [{ raw, origin: { from: 'file', name: key, file: sources.credentials.file }, base: sources.cwd }];
}

interface FileIndex {
  readonly file: ConfigFile;
  readonly top: Index;
  readonly chosen: Index;
}

/** Every candidate of every key, the winner first; defaults and server's answers are not among them. */
export function collectCandidates(sources: Sources): ReadonlyMap<Key, readonly Candidate[]> {
  const { profile } = sources;
  const indexed: readonly FileIndex[] = sources.files.map((file) => ({
    file,
    top: byKey(file.text.top),
    chosen: byKey(profile === undefined ? [] : (file.text.profiles.get(profile) ?? [])),
  }));
  return new Map(
    KEYS.map((key) => [
      key,
      [
        ...fromFlag(key, sources),
        ...fromEnvironment(key, sources),
        ...indexed.flatMap(({ file, top, chosen }) => [
          ...fromFile(key, file, chosen, profile),
          ...fromFile(key, file, top),
        ]),
        ...fromCredentials(key, sources),
      ],
    ]),
  );
}
