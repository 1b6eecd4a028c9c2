import { FileType, parseList } from 'basic-ftp';

/** One thing in a directory, as the server tells it. */
export interface Child {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
  /** Bytes; files only. */
  readonly size?: number;
  readonly modified?: Date;
  /** The server's mark of the thing itself (MLSD `unique`). */
  readonly unique?: string;
}

/** A directory as listed. */
export interface Listing {
  readonly children: readonly Child[];
  /** Whether the directory named itself: a listing of all (`LIST -a`) that does not was not allowed to look. */
  readonly namesItself: boolean;
  /** Lines that mean nothing to us. */
  readonly unread: number;
}

const MODIFIED = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,3}))?/;

function linesOf(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}

function modifiedOf(fact: string | undefined): Date | undefined {
  const found = MODIFIED.exec(fact ?? '');
  if (!found) return undefined;
  const [year = 0, month = 1, day = 1, hours = 0, minutes = 0, seconds = 0] = found.slice(1, 7).map(Number);
  return new Date(Date.UTC(year, month - 1, day, hours, minutes, seconds));
}

function kindOf(type: string): Child['kind'] {
  if (type === 'file') return 'file';
  return type === 'dir' ? 'directory' : 'other';
}

function machineChild(name: string, facts: ReadonlyMap<string, string>): Child {
  const kind = kindOf((facts.get('type') ?? '').toLowerCase());
  const size = Number.parseInt(facts.get('size') ?? '', 10);
  const modified = modifiedOf(facts.get('modify'));
  const unique = facts.get('unique');
  return {
    name,
    kind,
    ...(kind === 'file' && Number.isSafeInteger(size) ? { size } : {}),
    ...(modified === undefined ? {} : { modified }),
    ...(unique === undefined ? {} : { unique }),
  };
}

/** Answers to MLSD: `fact=value;fact=value; name` (RFC 3659 section 7.2). */
export function parseMachineListing(text: string): Listing {
  const children: Child[] = [];
  let unread = 0;
  for (const line of linesOf(text)) {
    const blank = line.indexOf(' ');
    const name = line.slice(blank + 1);
    const facts = new Map(
      line
        .slice(0, Math.max(0, blank))
        .split(';')
        .map((fact) => {
          const [key = '', ...value] = fact.split('=');
          return [key.toLowerCase(), value.join('=')] as const;
        }),
    );
    const type = (facts.get('type') ?? '').toLowerCase();
    if (type === 'cdir' || type === 'pdir' || name === '.' || name === '..') continue;
    if (blank < 0 || type === '' || name === '' || name.includes('/')) unread += 1;
    else children.push(machineChild(name, facts));
  }
  return { children, namesItself: true, unread };
}

const KINDS: Readonly<Record<FileType, Child['kind']>> = {
  [FileType.File]: 'file',
  [FileType.Directory]: 'directory',
  [FileType.SymbolicLink]: 'other',
  [FileType.Unknown]: 'other',
};

/** Answers to LIST, as Unix (`ls -l`) and DOS write them; their dates have no zone and are left out. */
export function parseHumanListing(text: string): Listing {
  const lines = linesOf(text).filter((line) => !/^total \d+$/.test(line));
  const children = parseList(lines.join('\n')).map(({ name, type, size }): Child => {
    const kind = KINDS[type];
    return { name, kind, ...(kind === 'file' ? { size } : {}) };
  });
  const dots = lines.filter((line) => /\s\.\.?$/.test(line)).length;
  const unread = Math.max(0, lines.length - dots - children.length);
  return { children, namesItself: lines.some((line) => /\s\.$/.test(line)), unread };
}
