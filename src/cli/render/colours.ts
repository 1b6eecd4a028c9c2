import type { Session } from '../../session/session.ts';

/** Texts in colour, or as they are. */
export interface Colours {
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
}

function escape(code: number, end: number): (text: string) => string {
  return (text) => `\u001B[${code}m${text}\u001B[${end}m`;
}

const PLAIN = (text: string): string => text;

/** Colours for stdout: as `--color` says; `auto` means on a terminal, unless NO_COLOR is set (https://no-color.org). */
export function coloursOf({ config, world }: Session): Colours {
  const when = config.get('cli.color');
  const auto = world.stdout.isTTY && !config.get('cli.noColor');
  if (when === 'never' || (when === 'auto' && !auto))
    return { red: PLAIN, yellow: PLAIN, green: PLAIN, dim: PLAIN, bold: PLAIN };
  return {
    red: escape(31, 39),
    yellow: escape(33, 39),
    green: escape(32, 39),
    dim: escape(2, 22),
    bold: escape(1, 22),
  };
}
