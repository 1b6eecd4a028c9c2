import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import type { FtpBed } from '../ftp.ts';
import { serveFolder, type ServedFolder } from '../served-folder.ts';
import { runCommand } from './ftp-commands.ts';
import { FtpSession, type FtpService } from './ftp-session.ts';

/** An FTP server in this process. */
export interface FtpServer extends FtpBed {
  readonly folder: ServedFolder;
  /** How long every command waits for its answer, in ms; Infinity for ever. */
  delayMs: number;
}

export interface FtpServerOptions {
  /** Commands that it does not know; `MLST` takes away the features as well. */
  readonly unknown?: readonly string[];
}

/** Commands are answered one after the other; ABOR and QUIT do not wait for a transfer. */
function serve(service: FtpService, control: Socket): void {
  const session = new FtpSession(service, control);
  let before = Promise.resolve();
  const answer = async (line: string) => {
    if (service.delayMs() > 0) await setTimeout(service.delayMs());
    session.reply(await runCommand(session, line));
  };
  const lines = createInterface({ input: control, crlfDelay: Infinity });
  lines.on('line', (line) => {
    if (service.delayMs() === Infinity) return;
    if (/^ABOR/i.test(line)) void answer(line);
    else if (/^QUIT/i.test(line)) void answer(line).then(() => control.end());
    else before = before.then(async () => answer(line));
  });
  // A client that goes away in the middle is no matter to the tests.
  control.on('error', () => undefined);
  lines.on('error', () => undefined);
  control.on('close', () => session.abort());
  session.reply('220 At your service');
}

/** Starts a server of a temporary folder on a free loopback port: no TLS, one user. */
export async function startFtpServer({ unknown = [] }: FtpServerOptions = {}): Promise<FtpServer> {
  const folder = await serveFolder('ftp-served');
  const [user, password] = ['mlflow', 'p@ss:w/rd'];
  const state = { delayMs: 0 };
  const service: FtpService = { folder, user, password, unknown, delayMs: () => state.delayMs };
  const controls = new Set<Socket>();
  // Two replies in a row would wait for each other's acknowledgement.
  const server = createServer({ noDelay: true }, (control) => {
    controls.add(control);
    control.on('close', () => controls.delete(control));
    serve(service, control);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    for (const control of controls) control.destroy();
    await new Promise((resolve) => server.close(resolve));
    await folder.remove();
  };
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, { port, user, password, root: folder.root, path: '', folder, stop });
}
