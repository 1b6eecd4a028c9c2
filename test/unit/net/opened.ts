import type { Socket } from 'node:net';
import { afterEach } from 'vitest';
import { createNet } from '../../../src/net/create-net.ts';
import type { Net, NetOptions } from '../../../src/net/net.ts';
import { startListener, type Answer, type Listener } from '../../testbeds/listener.ts';
import { plainOptions, startTcp, type Place } from './loopback.ts';

/** What ends with the test that opened it, the last one first. */
export const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of open.splice(0).reverse()) await stop();
});

export function net(options: Partial<NetOptions> = {}): Net {
  const made = createNet({ ...plainOptions, ...options });
  open.push(() => made.close());
  return made;
}

export async function listener(answer?: Answer): Promise<Listener> {
  const started = await startListener(answer);
  open.push(() => started.stop());
  return started;
}

export async function tcp(talk: (socket: Socket) => void): Promise<Place> {
  const started = await startTcp(talk);
  open.push(() => started.stop());
  return started;
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const place = await startTcp(() => undefined);
  await place.stop();
  return place.port;
}
