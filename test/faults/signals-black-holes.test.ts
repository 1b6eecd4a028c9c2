import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../cli/temporary-folder.ts';
import { startFullQueue, startSilence, type BlackHole } from '../testbeds/black-hole.ts';
import { startMlstow, stopWith } from './signals-command.ts';

/** Less than after which a command that did not stop by itself is ended, in ms. */
const AT_ONCE_MS = 2_000;
const HOLES = [
  ['takes connections and says nothing', startSilence],
  ['takes no connection', startFullQueue],
] as const;
const COMMANDS = [
  ['sftp', ['artifacts', 'list', '-u']],
  ['ftp', ['artifacts', 'list', '-u']],
  ['sftp', ['doctor']],
  ['ftp', ['doctor']],
] as const;

describe.each(HOLES)('a server that %s', (_, start) => {
  let hole: BlackHole;
  let cwd: string;

  beforeAll(async () => {
    hole = await start();
  });
  afterAll(() => hole.stop());
  beforeEach(async () => {
    cwd = await temporaryFolder();
  });

  test.each(COMMANDS)('%s: mlstow %j ends at once when it is told to', async (scheme, words) => {
    const running = startMlstow([...words, `${scheme}://ada@127.0.0.1:${hole.port}/models`], {
      cwd,
      env: {},
    });
    await running.until(() => hole.isTried());
    expect(await stopWith(running, 'SIGINT', AT_ONCE_MS)).toEqual({
      code: 130,
      stdout: '',
      stderr: 'mlstow: stopped by SIGINT.\n',
    });
  });

  test('sftp: so does one that is on its way through a jump host', async () => {
    await mkdir(join(cwd, '.ssh'));
    await writeFile(join(cwd, '.ssh', 'config'), `Host inner\n  ProxyJump ada@127.0.0.1:${hole.port}\n`);
    const running = startMlstow(['artifacts', 'list', '-u', 'sftp://ada@inner/models'], { cwd, env: {} });
    await running.until(() => hole.isTried());
    expect(await stopWith(running, 'SIGTERM', AT_ONCE_MS)).toMatchObject({ code: 143, stdout: '' });
  });
});
