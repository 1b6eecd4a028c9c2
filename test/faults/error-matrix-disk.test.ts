import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MLSTOW } from '../interop/mlstow-command.ts';
import { bareEnvironment } from '../testbeds/bed.ts';
import { expectTold } from './error-matrix-place.ts';

let cwd: string;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mlstow-disk-'));
  const setUp = [
    'head -c 300000 /dev/zero > small; head -c 2000000 /dev/zero > large',
    'mkdir store target && "$@" experiments create -n e -l "$PWD/store" -q',
    '"$@" runs create -n e --status running -q > run',
    '"$@" artifacts log small large -r "$(cat run)" -q',
  ];
  execFileSync('sh', ['-ec', setUp.join('\n'), 'sh', process.execPath, MLSTOW], {
    cwd,
    env: bareEnvironment(cwd),
  });
});
afterAll(async () => rm(cwd, { recursive: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What is then on the mount: names and sizes. */
  readonly files: readonly string[];
}

/** Runs mlstow where `mount` was done before, in a mount name space that ends with it. */
function runOn(mount: string, folder: string, command: string): Ended {
  const script = [
    mount,
    `set +e; "$@" ${command} >out 2>err; code=$?; set -e`,
    `printf '%s\\0' "$code"; cat out; printf '\\0'; cat err; printf '\\0'`,
    `find ${folder} -type f -printf '%P %s\\n' | sort; rm -f out err`,
  ];
  const output = execFileSync(
    'unshare',
    ['--map-root-user', '--mount', 'sh', '-ec', script.join('\n'), 'sh', process.execPath, MLSTOW],
    { cwd, env: bareEnvironment(cwd), encoding: 'utf8' },
  );
  const [code = '', stdout = '', stderr = '', files = ''] = output.split('\0');
  return { code: Number(code), stdout, stderr, files: files.split('\n').filter((line) => line !== '') };
}

const READ_ONLY = (folder: string): string =>
  `mount --bind ${folder} ${folder}; mount -o remount,bind,ro ${folder}`;
const FULL = (folder: string): string =>
  `mount -t tmpfs -o size=1m tmpfs ${folder}; head -c 100000 /dev/zero > ${folder}/kept`;
const RUN = '-r "$(cat run)"';

test('logging to a read-only store', () => {
  const ended = runOn(READ_ONLY('store'), 'store', `artifacts log small ${RUN}`);
  expectTold(ended, { code: 6, says: ['small', /read-only|permission|denied/i], hint: undefined });
  expect(ended.files.map((line) => line.split('/').at(-1))).toEqual(['large 2000000', 'small 300000']);
});

test('downloading to a read-only folder', () => {
  const ended = runOn(READ_ONLY('target'), 'target', `artifacts download -d target -a small ${RUN}`);
  expectTold(ended, { code: 6, says: ['target/small may not be written'], hint: '-d' });
  expect(ended.files).toEqual([]);
});

test('downloading to a full disk keeps what was there and leaves no part of a file', () => {
  const ended = runOn(FULL('target'), 'target', `artifacts download -d target -a large ${RUN}`);
  expectTold(ended, { code: 7, says: [/no (room|space)|full/i], hint: undefined });
  expect(ended.files).toEqual(['kept 100000']);
});

// One after the other, since the room that the large one takes until it fails is missing to the other.
test('a full disk under some of several files: whole ones stay, the exit code is 4', () => {
  const ended = runOn(FULL('target'), 'target', `artifacts download --workers 1 -d target ${RUN}`);
  expect(ended, ended.stderr).toMatchObject({ code: 4, stdout: '' });
  expect(ended.stderr).toContain('1 of 2 files failed');
  expect(ended.files).toEqual(['kept 100000', 'small 300000']);
});

test('logging to a full disk', () => {
  const mount = `run=$(cat run); at=$(find store -type d -name "$run"); ${FULL('"$at"')}`;
  const ended = runOn(mount, 'store', `artifacts log large ${RUN}`);
  expectTold(ended, { code: 7, says: [/no (room|space)|full/i], hint: undefined });
  expect(ended.files.map((line) => line.split('/').at(-1))).toEqual(['kept 100000']);
});
