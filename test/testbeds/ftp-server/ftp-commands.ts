import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, open, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FtpSession } from './ftp-session.ts';
import { factsOf, linesOf, timeOf } from './listing.ts';

/** Does what a command asks for and gives the reply. */
type Act = (session: FtpSession, argument: string) => Promise<string> | string;

const FEATURES = ['EPSV', 'MDTM', 'MLST type*;size*;modify*;unique*;', 'REST STREAM', 'SIZE', 'UTF8'];

const quoted = (path: string): string => `"${path.replaceAll('"', '""')}"`;

/** Logging in and talking (RFC 959, RFC 2389). */
const TALK: Readonly<Record<string, Act>> = {
  USER: (session, user) => {
    session.user = user;
    return '331 Password, please';
  },
  PASS: (session, password) => {
    const { service } = session;
    session.loggedIn = session.user === service.user && password === service.password;
    return session.loggedIn ? '230 Logged in' : '530 Login incorrect';
  },
  FEAT: ({ service }) => {
    const known = FEATURES.filter((feature) => !service.unknown.includes(feature.split(' ')[0] ?? ''));
    return ['211-Features:', ...known.map((feature) => ` ${feature}`), '211 End'].join('\r\n');
  },
  OPTS: () => '200 As you like',
  TYPE: (_session, type) => (/^[AI]/i.test(type) ? '200 As you like' : '504 Not this type'),
  STRU: (_session, structure) => (/^F/i.test(structure) ? '200 As you like' : '504 Not this structure'),
  NOOP: () => '200 Still here',
  SYST: () => '215 UNIX Type: L8',
  ABOR: (session) => {
    session.abort();
    return '226 Nothing is under way now';
  },
  QUIT: (session) => {
    session.abort();
    return '221 Goodbye';
  },
};

/** Directories and names. */
const NAMES: Readonly<Record<string, Act>> = {
  PWD: ({ directory }) => `257 ${quoted(directory)}`,
  CWD: async (session, argument) => {
    const path = session.path(argument);
    if (!(await stat(session.service.folder.enter(path))).isDirectory()) return '550 Not a directory';
    session.directory = path;
    return '250 You are there';
  },
  CDUP: async (session) => NAMES['CWD']!(session, '..'),
  MKD: async (session, argument) => {
    await mkdir(session.service.folder.locate(session.path(argument)));
    return `257 ${quoted(session.path(argument))}`;
  },
  RMD: async (session, argument) => {
    await rmdir(session.service.folder.locate(session.path(argument)));
    return '250 Removed';
  },
  DELE: async (session, argument) => {
    await unlink(session.service.folder.locate(session.path(argument)));
    return '250 Removed';
  },
  RNFR: async (session, argument) => {
    session.renaming = session.service.folder.locate(session.path(argument));
    await lstat(session.renaming);
    return '350 And to what?';
  },
  RNTO: async (session, argument) => {
    const from = session.renaming;
    session.renaming = undefined;
    if (from === undefined) return '503 RNFR comes first';
    await rename(from, session.service.folder.locate(session.path(argument)));
    return '250 Renamed';
  },
};

/** What is known of files (RFC 3659). */
const FACTS: Readonly<Record<string, Act>> = {
  SIZE: async (session, argument) => {
    const found = await stat(session.service.folder.locate(session.path(argument)));
    return found.isFile() ? `213 ${found.size}` : '550 Not a file';
  },
  MDTM: async (session, argument) =>
    `213 ${timeOf(await stat(session.service.folder.locate(session.path(argument))))}`,
  MLST: async (session, argument) => {
    const path = session.path(argument);
    const found = await lstat(session.service.folder.locate(path));
    return `250-Facts:\r\n ${factsOf(path, found)}\r\n250 End`;
  },
  MLSD: async (session, argument) => list(session, argument, 'MLSD'),
  LIST: async (session, argument) => list(session, argument, 'LIST'),
};

async function list(session: FtpSession, argument: string, how: 'MLSD' | 'LIST'): Promise<string> {
  const [, option = '', path = ''] = /^(-\w+)? ?(.*)$/.exec(argument) ?? [];
  const folder = session.service.folder.enter(session.path(path));
  const lines = await linesOf(folder, how, option.includes('a'));
  return session.transfer(async (socket) =>
    pipeline(Readable.from(lines.map((line) => `${line}\r\n`)), socket),
  );
}

/** Bytes and how they come (RFC 959, RFC 2428). */
const BYTES: Readonly<Record<string, Act>> = {
  EPSV: async (session) => `229 Entering Extended Passive Mode (|||${await session.listen()}|)`,
  PASV: async (session) => {
    const port = await session.listen();
    return `227 Entering Passive Mode (127,0,0,1,${port >> 8},${port & 255})`;
  },
  REST: (session, argument) => {
    session.offset = Number(argument);
    return Number.isSafeInteger(session.offset) ? '350 From there' : '501 Not a number';
  },
  RETR: async (session, argument) => {
    const file = session.service.folder.locate(session.path(argument));
    if (!(await stat(file)).isFile()) return '550 Not a file';
    const handle = await open(file);
    const stream = createReadStream('', { fd: handle, start: session.offset, highWaterMark: 256 * 1024 });
    return session.transfer(async (socket) => pipeline(stream, socket));
  },
  STOR: async (session, argument) => {
    const flags = session.offset > 0 ? 'r+' : 'w';
    const handle = await open(session.service.folder.locate(session.path(argument)), flags);
    const stream = createWriteStream('', { fd: handle, start: session.offset });
    return session.transfer(async (socket) => pipeline(socket, stream));
  },
};

const COMMANDS: ReadonlyMap<string, Act> = new Map(Object.entries({ ...TALK, ...NAMES, ...FACTS, ...BYTES }));
/** What may be said before somebody is logged in. */
const OPEN_TO_ALL = new Set(['USER', 'PASS', 'FEAT', 'OPTS', 'NOOP', 'SYST', 'QUIT']);

/** Runs one line of the control connection; gives the reply. */
export async function runCommand(session: FtpSession, line: string): Promise<string> {
  const [, name = '', argument = ''] = /^([A-Za-z]*) ?(.*)$/.exec(line) ?? [];
  const command = name.toUpperCase();
  const act = session.service.unknown.includes(command) ? undefined : COMMANDS.get(command);
  if (!act) return '502 What do you mean?';
  if (!session.loggedIn && !OPEN_TO_ALL.has(command)) return '530 Log in first';
  try {
    return await act(session, argument);
  } catch (thrown) {
    return `550 ${(thrown as NodeJS.ErrnoException).code ?? 'It failed'}`;
  }
}
