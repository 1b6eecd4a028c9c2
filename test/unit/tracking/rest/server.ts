import type { Clock } from '../../../../src/core/clock.ts';
import { Failure } from '../../../../src/core/failure.ts';
import type { Io, TraceValue } from '../../../../src/core/io.ts';
import { createNet } from '../../../../src/net/create-net.ts';
import type { Net } from '../../../../src/net/net.ts';
import type { RestOptions } from '../../../../src/tracking/rest/options.ts';
import { openRestStore } from '../../../../src/tracking/rest/open-rest-store.ts';
import type { TrackingStore } from '../../../../src/tracking/store.ts';
import { startListener, type Listener, type Recorded } from '../../../testbeds/listener.ts';

/** A clock that stands still and notes how long it was to sleep. */
export interface FakeClock extends Clock {
  readonly slept: number[];
}

export function fakeClock(): FakeClock {
  const slept: number[] = [];
  return {
    slept,
    now: () => Date.parse('2026-01-02T03:04:05Z'),
    sleep: async (ms) => {
      slept.push(ms);
    },
  };
}

/** An answer of the pretended server: JSON, or text with a status and headers. */
export interface Reply {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Breaks the connection instead. */
  readonly reset?: true;
}

export interface Server extends Listener {
  readonly clock: FakeClock;
  readonly events: [string, Readonly<Record<string, TraceValue>>][];
  readonly io: Io;
  readonly net: Net;
  /** A store for this server, with no jitter and 7 retries. */
  store(more?: Partial<RestOptions>): TrackingStore;
  /** `POST experiments/search {…}` of every request. */
  seen(): string[];
}

function shown({ method, url, body }: Recorded): string {
  return `${method} ${url.replace('/api/2.0/mlflow/', '')} ${body.toString()}`.trim();
}

/** A listener that gives these replies in order, the last one again and again. */
export async function startServer(...replies: (Reply | ((request: Recorded) => Reply))[]): Promise<Server> {
  let at = 0;
  const listener = await startListener((request, response) => {
    const next = replies[Math.min(at, replies.length - 1)] ?? {};
    at += 1;
    const reply = typeof next === 'function' ? next(request) : next;
    if (reply.reset) {
      response.socket?.resetAndDestroy();
      return;
    }
    response.writeHead(reply.status ?? 200, reply.headers);
    response.end(reply.text ?? JSON.stringify(reply.json ?? {}));
  });
  const clock = fakeClock();
  const events: Server['events'] = [];
  const net = createNet({ verifyTls: true, connectMs: 5_000, maxSockets: 4 });
  return {
    ...listener,
    clock,
    events,
    net,
    io: { signal: new AbortController().signal, trace: (event, fields) => events.push([event, fields]) },
    store: (more) =>
      openRestStore({
        uri: listener.url,
        net,
        credentials: {},
        retry: { maxRetries: 7, backoffMs: 2_000, jitterMs: 0, maxWaitMs: 120_000, respectRetryAfter: true },
        clock,
        allowRedirects: true,
        timeoutMs: 5_000,
        ...more,
      }),
    seen: () => listener.requests.map(shown),
    stop: async () => {
      net.close();
      await listener.stop();
    },
  };
}

/** The Failure that a promise rejects with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('it did not fail');
}

/** All items of all pages. */
export async function all<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const items: T[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}
