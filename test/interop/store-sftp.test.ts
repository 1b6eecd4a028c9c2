import { appendFile, chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bedFolder } from '../testbeds/bed.ts';
import { makeKey, sftpPythonPath, startSshd, type Sshd } from '../testbeds/sshd.ts';
import { mustRunMlstow, runMlstow, type Place } from './mlstow-command.ts';
import {
  expectOursRead,
  expectOursReadByStock,
  expectTheirsRead,
  logByStock,
  startExchange,
  type StoreExchange,
} from './store-exchange.ts';

let sshd: Sshd;
let place: Place;
let exchange: StoreExchange;

/** pysftp knows RSA keys only, and looks hosts up without their port. */
async function suitPysftp({ home, dir, port }: Sshd): Promise<void> {
  const key = join(home, '.ssh', 'id_rsa');
  await makeKey(key, 'rsa');
  await appendFile(join(dir, 'authorized_keys'), await readFile(`${key}.pub`));
  await writeFile(join(home, '.ssh', 'config'), 'Host 127.0.0.1\n  IdentityFile ~/.ssh/id_rsa\n');
  const known = await readFile(join(home, '.ssh', 'known_hosts'), 'utf8');
  await appendFile(join(home, '.ssh', 'known_hosts'), known.replaceAll(`[127.0.0.1]:${port}`, '127.0.0.1'));
}

beforeAll(async () => {
  sshd = await startSshd();
  await suitPysftp(sshd);
  const served = join(sshd.dir, 'served');
  await mkdir(served);
  await chmod(served, 0o777);
  const dir = await bedFolder('store-sftp');
  place = {
    cwd: dir,
    env: {
      HOME: sshd.home,
      MLFLOW_TRACKING_URI: `sqlite:///${join(dir, 'mlflow.db')}`,
      PYTHONPATH: await sftpPythonPath(),
    },
  };
  const location = `sftp://${sshd.user}@127.0.0.1:${sshd.port}${served}/experiment`;
  exchange = await startExchange(place, location);
});
afterAll(async () => {
  await sshd.stop();
  await rm(place.cwd, { recursive: true });
});

describe('what mlstow logs', () => {
  beforeAll(async () => {
    await mustRunMlstow(['artifacts', 'log', exchange.source, '-r', exchange.run], place);
  });

  test('mlstow lists and downloads', async () => expectOursRead(exchange));
  test('the stock client lists, downloads and removes', async () => expectOursReadByStock(exchange));
});

test('what the stock client logs, mlstow lists and downloads', async () => {
  await logByStock(exchange);
  await expectTheirsRead(exchange);
});

describe('what is refused', () => {
  test('a host whose key is unknown: exit 3 with the line to type', async () => {
    const env = { ...place.env, MLSTOW_SFTP_KNOWN_HOSTS: join(place.cwd, 'none') };
    const { code, stderr } = await runMlstow(['artifacts', 'list', '-r', exchange.run], { ...place, env });
    expect([code, stderr]).toEqual([3, expect.stringContaining(`ssh-keyscan -p ${sshd.port} 127.0.0.1 >> `)]);
  });

  test('a URI of another form: exit 2 with the right one', async () => {
    const { code, stderr } = await runMlstow(['artifacts', 'list', '-u', 'sftp://host:99999/x'], place);
    expect([code, stderr]).toEqual([2, expect.stringContaining('sftp://user@host:22/path')]);
  });
});
