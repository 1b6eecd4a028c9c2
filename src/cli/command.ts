import { declarationOf, type Key } from '../config/settings/index.ts';
import type { Failure } from '../core/failure.ts';
import type { Session } from '../session/session.ts';

/** What a shell may ask the records for, to complete a word. */
export type Completes =
  | 'experiment-id'
  | 'deleted-experiment-id'
  | 'experiment-name'
  | 'run-id'
  | 'deleted-run-id'
  | 'artifact-path'
  | 'target';

interface OptionFacts {
  /** As commander writes it: `-r, --run-id <id>`. */
  readonly flags: string;
  readonly help: string;
  /** The setting that this flag sets; its variables and files then apply too. */
  readonly setting?: Key;
  readonly choices?: readonly string[];
  readonly completes?: Completes;
  readonly hidden?: boolean;
}

/** An option with one value. */
export interface TextOption extends OptionFacts {
  readonly kind: 'text';
  readonly required: boolean;
}

/** An option that is on or absent (`--no-x` declares its negative). */
export interface FlagOption extends OptionFacts {
  readonly kind: 'flag';
}

/** An option that may be given several times. */
export interface ListOption extends OptionFacts {
  readonly kind: 'list';
}

export type Option = TextOption | FlagOption | ListOption;
export type Options = Readonly<Record<string, Option>>;

/** The value that a declared option has in `run`. */
export type ValueOf<O extends Option> = O extends FlagOption
  ? boolean
  : O extends ListOption
    ? readonly string[]
    : O extends { readonly required: true }
      ? string
      : string | undefined;

export type Values<O extends Options> = { readonly [K in keyof O]: ValueOf<O[K]> };

type More = Omit<OptionFacts, 'flags' | 'help'>;

export function text(
  flags: string,
  help: string,
  more: More = {},
): TextOption & { readonly required: false } {
  return { kind: 'text', required: false, flags, help, ...more };
}

export function required(
  flags: string,
  help: string,
  more: More = {},
): TextOption & { readonly required: true } {
  return { kind: 'text', required: true, flags, help, ...more };
}

export function flag(flags: string, help: string, more: More = {}): FlagOption {
  return { kind: 'flag', flags, help, ...more };
}

export function list(flags: string, help: string, more: More = {}): ListOption {
  return { kind: 'list', flags, help, ...more };
}

/** The option that sets a setting, as the setting's declaration describes it. @throws Error when it has no flag */
export function ofSetting(
  key: Key,
  metavar?: string,
): FlagOption | (TextOption & { readonly required: false }) {
  const declaration = declarationOf(key);
  if (declaration.flag === undefined) throw new Error(`the setting ${key} has no flag`);
  // Helps of options begin small; a name or an acronym stays.
  const help = declaration.help
    .replace(/\.$/, '')
    .replace(/^[A-Z](?=[a-z]+[ ,])/, (first) => first.toLowerCase());
  if (declaration.type === 'boolean') return flag(declaration.flag, help, { setting: key });
  const choices = declaration.type === 'enum' ? { choices: declaration.values } : {};
  return text(`${declaration.flag} <${metavar ?? 'value'}>`, help, { setting: key, ...choices });
}

type Lines = Iterable<string> | AsyncIterable<string>;

/**
 * What a command found or did, for every output mode. The renderer iterates `items` once, in the mode asked for.
 * Text is written as it is: each line or block carries its own line ends.
 */
export interface View<Item = never> {
  /** The list of the result, streamed. */
  readonly items?: Iterable<Item> | AsyncIterable<Item>;
  /** The other fields of the JSON object; asked after the last item. */
  readonly data?: () => Readonly<Record<string, unknown>>;
  /** Text mode. */
  readonly text: (items: AsyncIterable<Item>) => Lines;
  /** `-q`: the bare result, one per line; nothing when absent. */
  readonly quiet?: (items: AsyncIterable<Item>) => Lines;
  /** Asked last: what decides the exit code although a result was printed (some files failed, say). */
  readonly failure?: () => Failure | undefined;
}

/** A view of one kind of items or another, as flags decide. */
export type AnyView = Omit<View<unknown>, 'text' | 'quiet'> & {
  readonly text: (items: AsyncIterable<never>) => Lines;
  readonly quiet?: (items: AsyncIterable<never>) => Lines;
};

/** One command as data: the program, the help, the completions and the reference pages are made from it. */
export interface Command<O extends Options = Options> {
  /** `artifacts list`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** Paragraphs below the summary, in `--help`. */
  readonly details?: readonly string[];
  /** Shown below the options: what to type. */
  readonly examples?: readonly string[];
  /** `name` as commander writes it: `<target>`, `[paths...]`; `choices` and `completes` for completion alone. */
  readonly arguments?: readonly {
    readonly name: string;
    readonly help: string;
    readonly choices?: readonly string[];
    readonly completes?: Completes;
  }[];
  readonly options: O;
  /** It tells itself of settings that are ignored or deprecated: nobody else warns of them. */
  readonly judgesSettings?: true;
  /** A command that reads no settings (completion) needs no session. */
  run(session: Session, values: Values<O>, operands: readonly string[]): Promise<View<unknown>>;
}

type Ran<O extends Options, Result> = Omit<Command<O>, 'run'> & {
  run(session: Session, values: Values<O>, operands: readonly string[]): Promise<Result>;
};

/** Declares a command, keeping the types of its options. */
export function command<const O extends Options, Item>(declaration: Ran<O, View<Item>>): Command;
export function command<const O extends Options>(declaration: Ran<O, AnyView>): Command;
export function command<const O extends Options>(declaration: Ran<O, unknown>): Command {
  return declaration as unknown as Command;
}
