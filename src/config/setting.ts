/** An environment variable that a setting is read from. */
export type Variable =
  string | { readonly name: string; readonly deprecated: true; readonly replacedBy: string };

interface SettingFacts {
  /** In order of precedence; an empty one counts as unset. Names that do not begin with `MLSTOW_` keep their owner's grammar. */
  readonly variables?: readonly Variable[];
  /** The long command-line option. */
  readonly flag?: string;
  /** Its value is never shown. */
  readonly secret?: true;
  /**
   * Whether a file found by walking up from the working directory may set it. Refused is what such a file could abuse:
   * credentials, trust, brakes, programs to run, and hosts that bearer credentials or all traffic would go to.
   * `tracking.uri` and `s3.endpointUrl` are allowed, as projects share them: what sends credentials there looks at
   * `Origin.project`, since whoever wrote the file would receive a token (S3 requests are signed and carry no key, but a
   * session token).
   */
  readonly projectFile: 'allowed' | 'refused';
  /** Not even the user's own file may set it: it belongs to one process (a profile's name, a scheduler's task). */
  readonly userFile?: 'refused';
  /** A variable that MLflow reserves for its server: on a client it is a mistake. */
  readonly serverOnly?: true;
  /** One line. */
  readonly help: string;
  /** Where MLflow's own default or grammar is another one, or which default applies in place of none. */
  readonly note?: string;
}

interface TextSetting extends SettingFacts {
  /**
   * `string`: any text. `url`: absolute http(s) URL with a host. `path`: `~` is the home directory, a relative one counts
   * from the file that holds it, else from the working directory; the value is absolute.
   */
  readonly type: 'string' | 'url' | 'path';
  readonly default?: string;
}

interface NumberSetting extends SettingFacts {
  readonly type: 'integer' | 'number';
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly default?: number;
}

interface BooleanSetting extends SettingFacts {
  /** `boolean`: true, false, 1, 0 in any case, as mlflow. `presence`: any text means true, as NO_COLOR. */
  readonly type: 'boolean' | 'presence';
  readonly default?: boolean;
}

interface BytesSetting extends SettingFacts {
  /** Bytes; our own variables, flags and files also take `50M`. */
  readonly type: 'bytes';
  readonly min?: number;
  readonly max?: number;
  /** The number must be a multiple of this. */
  readonly multipleOf?: number;
  readonly default?: number;
}

interface DurationSetting extends SettingFacts {
  /** Always ms once resolved; our own variables, flags and files also take `1d2h3m4s`. */
  readonly type: 'duration';
  /** What a bare number counts. */
  readonly unit: 's' | 'ms';
  /** -1 means no limit: the value is then `Infinity`. */
  readonly minusOne?: 'no-limit';
  /** In ms. */
  readonly max?: number;
  /** In ms. */
  readonly default?: number;
}

interface JsonSetting extends SettingFacts {
  /** A JSON object; in files a mapping. */
  readonly type: 'json';
  readonly default?: Readonly<Record<string, unknown>>;
}

interface ListSetting extends SettingFacts {
  readonly type: 'list';
  /** `path`: the platform's path delimiter (`:`; `;` on Windows), and entries are paths. Files hold a sequence. */
  readonly separator: ',' | 'path';
  readonly default?: readonly string[];
}

interface EnumSetting extends SettingFacts {
  readonly type: 'enum';
  /** Matched in any case. */
  readonly values: readonly string[];
  readonly default?: string;
}

/** One setting, declared once: resolution, `config list`, flags, the reference page and doctor are driven by it. */
export type SettingDeclaration =
  | TextSetting
  | NumberSetting
  | BooleanSetting
  | BytesSetting
  | DurationSetting
  | JsonSetting
  | ListSetting
  | EnumSetting;

export type SettingTable = Readonly<Record<string, SettingDeclaration>>;

type Parsed<D extends SettingDeclaration> = D extends {
  readonly type: 'enum';
  readonly values: readonly (infer V)[];
}
  ? V
  : D extends TextSetting
    ? string
    : D extends NumberSetting | BytesSetting | DurationSetting
      ? number
      : D extends BooleanSetting
        ? boolean
        : D extends ListSetting
          ? readonly string[]
          : Readonly<Record<string, unknown>>;

/** The type that a declaration's value has: undefined only where there is no default. */
export type SettingValue<D extends SettingDeclaration> = D extends { readonly default: unknown }
  ? Parsed<D>
  : Parsed<D> | undefined;

/** Declares the settings of one area, keeping their keys, values and defaults as types. */
export function defineSettings<const T extends SettingTable>(table: T): T {
  return table;
}

/** The names of a setting's variables, in order of precedence. */
export function variableNames(declaration: SettingDeclaration): readonly string[] {
  return (declaration.variables ?? []).map((variable) =>
    typeof variable === 'string' ? variable : variable.name,
  );
}
