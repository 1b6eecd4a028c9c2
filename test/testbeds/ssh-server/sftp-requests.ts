import type { BigIntStats } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, rmdir, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import ssh2, { type Attributes, type FileEntry, type SFTPWrapper } from 'ssh2';
import type { ServedFolder } from '../served-folder.ts';

const { STATUS_CODE, flagsToString } = ssh2.utils.sftp;
/** Names of one answer to READDIR; as OpenSSH. */
const NAMES_AT_ONCE = 100;
/** The most bytes of one answer to READ. */
const READ_BYTES = 256 * 1024;

export const POSIX_RENAME = 'posix-rename@openssh.com';
export const FSYNC = 'fsync@openssh.com';

/** An open file, or the entries of a directory that were not told yet. */
type Open = FileHandle | FileEntry[];

function attributesOf(found: BigIntStats): Attributes {
  const seconds = (ms: bigint) => Number(ms / 1000n);
  return {
    mode: Number(found.mode),
    uid: Number(found.uid),
    gid: Number(found.gid),
    size: Number(found.size),
    atime: seconds(found.atimeMs),
    mtime: seconds(found.mtimeMs),
  };
}

const look = async (file: string) => attributesOf(await lstat(file, { bigint: true }));

/** As OpenSSH's errno_to_portable. */
function statusOf(thrown: unknown): number {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return STATUS_CODE.NO_SUCH_FILE;
  if (code === 'EACCES' || code === 'EPERM') return STATUS_CODE.PERMISSION_DENIED;
  if (code === 'EINVAL' || code === 'ENAMETOOLONG') return STATUS_CODE.BAD_MESSAGE;
  return code === 'END' ? STATUS_CODE.EOF : STATUS_CODE.FAILURE;
}

const endOfAll = () => Object.assign(new Error('nothing is left'), { code: 'END' });

/** The protocol's own rename, which refuses a name that is taken. */
async function renameToFree(from: string, to: string): Promise<void> {
  if ((await lstat(from)).isFile()) {
    await link(from, to);
    await unlink(from);
    return;
  }
  const taken = await lstat(to).catch(() => undefined);
  if (taken) throw new Error(`${to} is taken`);
  await rename(from, to);
}

/** The strings of an extended request. */
function stringsOf(data: Buffer): readonly Buffer[] {
  const strings: Buffer[] = [];
  for (let at = 0; at < data.byteLength;) {
    const end = at + 4 + data.readUInt32BE(at);
    strings.push(data.subarray(at + 4, end));
    at = end;
  }
  return strings;
}

/** What was opened on one channel, by handle. */
function createHandles() {
  const opened = new Map<number, Open>();
  let last = 0;
  const numberOf = (handle: Buffer) => handle.readUInt32BE();
  const close = async (number: number) => {
    const found = opened.get(number);
    opened.delete(number);
    if (found && !Array.isArray(found)) await found.close();
  };
  return {
    add: (what: Open): Buffer => {
      last += 1;
      opened.set(last, what);
      const handle = Buffer.alloc(4);
      handle.writeUInt32BE(last);
      return handle;
    },
    file: (handle: Buffer): FileHandle => {
      const found = opened.get(numberOf(handle));
      if (found === undefined || Array.isArray(found)) throw new Error('no such handle');
      return found;
    },
    names: (handle: Buffer): FileEntry[] => {
      const found = opened.get(numberOf(handle));
      return Array.isArray(found) ? found.splice(0, NAMES_AT_ONCE) : [];
    },
    close: async (handle: Buffer) => close(numberOf(handle)),
    closeAll: async () => Promise.all([...opened.keys()].map(close)),
  };
}

type Handles = ReturnType<typeof createHandles>;
/** Answers one request; one that gives nothing back is answered with OK. */
type Act = (id: number, ...rest: never[]) => Promise<unknown>;
type Acts = Readonly<Record<string, Act>>;
const ANSWERED = Symbol('answered');

function fileActs(sftp: SFTPWrapper, { locate }: ServedFolder, handles: Handles): Acts {
  return {
    OPEN: async (id, path: string, flags: number) => {
      sftp.handle(id, handles.add(await open(locate(path), flagsToString(flags) ?? 'r')));
      return ANSWERED;
    },
    FSTAT: async (id, handle: Buffer) => {
      sftp.attrs(id, attributesOf(await handles.file(handle).stat({ bigint: true })));
      return ANSWERED;
    },
    READ: async (id, handle: Buffer, offset: number, length: number) => {
      const buffer = Buffer.allocUnsafe(Math.min(length, READ_BYTES));
      const { bytesRead } = await handles.file(handle).read(buffer, 0, buffer.byteLength, offset);
      if (bytesRead === 0) throw endOfAll();
      sftp.data(id, buffer.subarray(0, bytesRead));
      return ANSWERED;
    },
    WRITE: async (_id, handle: Buffer, offset: number, data: Buffer) => {
      await handles.file(handle).write(data, 0, data.byteLength, offset);
    },
    CLOSE: async (_id, handle: Buffer) => handles.close(handle),
  };
}

function folderActs(sftp: SFTPWrapper, { locate, enter }: ServedFolder, handles: Handles): Acts {
  return {
    OPENDIR: async (id, path: string) => {
      const folder = enter(path);
      const entryOf = async (name: string) => ({
        filename: name,
        longname: name,
        attrs: await look(join(folder, name)),
      });
      sftp.handle(id, handles.add(await Promise.all((await readdir(folder)).map(entryOf))));
      return ANSWERED;
    },
    READDIR: async (id, handle: Buffer) => {
      const names = handles.names(handle);
      if (names.length === 0) throw endOfAll();
      sftp.name(id, names);
      return ANSWERED;
    },
    MKDIR: async (_id, path: string) => mkdir(locate(path)),
    RMDIR: async (_id, path: string) => rmdir(locate(path)),
  };
}

function nameActs(sftp: SFTPWrapper, { locate }: ServedFolder, handles: Handles): Acts {
  return {
    REALPATH: async (id, path: string) => {
      sftp.name(id, [{ filename: posix.resolve('/', path), longname: '', attrs: {} as Attributes }]);
      return ANSWERED;
    },
    LSTAT: async (id, path: string) => {
      sftp.attrs(id, await look(locate(path)));
      return ANSWERED;
    },
    STAT: async (id, path: string) => {
      sftp.attrs(id, attributesOf(await stat(locate(path), { bigint: true })));
      return ANSWERED;
    },
    REMOVE: async (_id, path: string) => unlink(locate(path)),
    RENAME: async (_id, from: string, to: string) => renameToFree(locate(from), locate(to)),
    EXTENDED: async (id, name: string, data: Buffer) => {
      const [first = Buffer.alloc(4), second] = stringsOf(data);
      if (name === POSIX_RENAME) return rename(locate(String(first)), locate(String(second)));
      // No power fails here: what is asked to be synced only has to be open.
      if (name === FSYNC) return void handles.file(first);
      sftp.status(id, STATUS_CODE.OP_UNSUPPORTED);
      return ANSWERED;
    },
  };
}

/**
 * Answers the requests of one SFTP channel from a folder, each after `delayMs`; never when that is infinite.
 * https://datatracker.ietf.org/doc/html/draft-ietf-secsh-filexfer-02
 */
export function serveSftp(sftp: SFTPWrapper, folder: ServedFolder, delayMs: () => number): void {
  const handles = createHandles();
  const acts = [fileActs, folderActs, nameActs].map((actsOf) => actsOf(sftp, folder, handles));
  for (const [event, act] of acts.flatMap(Object.entries<Act>)) {
    sftp.on(event, (id: number, ...rest: never[]) => {
      const waitMs = delayMs();
      if (waitMs === Infinity) return;
      const acted = waitMs > 0 ? setTimeout(waitMs).then(async () => act(id, ...rest)) : act(id, ...rest);
      acted.then(
        (answered) => {
          if (answered !== ANSWERED) sftp.status(id, STATUS_CODE.OK);
        },
        (thrown: unknown) => sftp.status(id, statusOf(thrown), (thrown as Error).message),
      );
    });
  }
  sftp.on('close', () => {
    handles.closeAll().catch(() => undefined);
  });
}
