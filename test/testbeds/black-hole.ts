import { once } from 'node:events';
import { access, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { bareEnvironment, bedFolder, freePort, startProcess, type Bed } from './bed.ts';

/** A loopback port from which no answer comes. */
export interface BlackHole extends Bed {
  readonly port: number;
  /** Whether somebody is connected, or tries to be, right now. */
  isTried(): Promise<boolean>;
}

/** States of Linux's `/proc/net/tcp`. */
const ESTABLISHED = '01';
const SYN_SENT = '02';

async function hasSocketTo(port: number, state: string): Promise<boolean> {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n');
  return lines.some((line) => {
    const [, , to = '', now] = line.trim().split(/\s+/);
    return to.endsWith(remote) && now === state;
  });
}

/** Takes connections and never says a word. */
export async function startSilence(): Promise<BlackHole> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // Whoever gives up may do so by a reset.
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    isTried: async () => hasSocketTo(port, ESTABLISHED),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Fills its own queue of connections, so that the kernel drops every further one, as a firewall does. */
const FULL = `
import pathlib, socket, sys, time
server = socket.socket()
server.bind(("127.0.0.1", int(sys.argv[1])))
server.listen(0)
waiting = []
try:
    while True:
        waiting.append(socket.create_connection(server.getsockname(), timeout=0.3))
except TimeoutError:
    pathlib.Path("full").touch()
time.sleep(600)
`;

/** Never takes a connection, and refuses none. Needs `python3` >= 3.10 on the PATH, and Linux. */
export async function startFullQueue(): Promise<BlackHole> {
  const dir = await bedFolder('full-queue');
  const port = await freePort();
  const started = await startProcess({
    name: 'full-queue',
    file: 'python3',
    args: ['-c', FULL, String(port)],
    env: bareEnvironment(dir),
    dir,
    ready: async () => access(join(dir, 'full')).then(() => true),
    readyMs: 20_000,
  });
  return { port, isTried: async () => hasSocketTo(port, SYN_SENT), stop: () => started.stop() };
}
