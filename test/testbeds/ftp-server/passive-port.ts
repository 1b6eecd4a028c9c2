import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A loopback port on which one data connection is expected. */
export interface PassivePort {
  readonly port: number;
  /** The connection that came, or comes. */
  readonly socket: () => Promise<Socket>;
  /** Closes the port and the connection. */
  readonly close: () => void;
}

/** Opens a port for one transfer (RFC 2428, RFC 959 section 3.3). */
export async function openPassivePort(): Promise<PassivePort> {
  let came: Socket | undefined;
  const server: Server = createServer({ pauseOnConnect: true }, (socket) => {
    came = socket;
    // Who waits for the bytes is told of a cut by them ending.
    socket.on('error', () => undefined);
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    socket: async () => {
      if (!came) await once(server, 'close');
      if (!came) throw new Error('nobody came for the data');
      return came;
    },
    close: () => {
      server.close();
      came?.destroy();
    },
  };
}
