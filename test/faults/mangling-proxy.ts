import {
  createServer,
  request,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline, Transform, type TransformCallback } from 'node:stream';
import type { Bed } from '../testbeds/bed.ts';

/** An answer given in the server's place. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

/**
 * What is done to a body on its way. `reset`: the connection is reset in its middle. `cut`: the connection ends there.
 * `shorter`, `longer`: a Content-Length that is not that of the body. `flip`: one byte is another. `pass`: nothing, only
 * `act` is called.
 */
export type Trouble = Mangling | 'pass' | Refusal;
type Mangling = 'reset' | 'cut' | 'shorter' | 'longer' | 'flip';

/** Which bodies are struck, and how. */
export interface Strike {
  /** Bodies of requests, or of answers. */
  readonly way: 'up' | 'down';
  readonly trouble: Trouble;
  /** Only bodies of at least so many bytes. */
  readonly leastBytes: number;
  /** How many of those pass before the first is struck, and how many are struck at most. */
  readonly after: number;
  readonly times: number;
  /** In [0, 1): where in the body; whether one is struck at all, where only a share is. */
  readonly random: () => number;
  readonly share?: number;
  readonly act?: () => void;
}

export interface ManglingProxy extends Bed {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** From now on bodies are struck. */
  strike(strike: Strike): void;
  /** Everything passes as it is again. @returns how many bodies were struck */
  heal(): number;
}

/** Passes `at` bytes on, then breaks; `flip` changes the byte there instead. */
class Mangler extends Transform {
  readonly #trouble: Mangling;
  readonly #at: number;
  readonly #broken: () => void;
  #passed = 0;

  constructor(trouble: Mangling, at: number, broken: () => void) {
    super();
    this.#trouble = trouble;
    this.#at = at;
    this.#broken = broken;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    const from = this.#passed;
    this.#passed += chunk.byteLength;
    const isHere = this.#at >= from && this.#at < this.#passed;
    if (this.#trouble === 'flip') {
      if (isHere) chunk.writeUInt8((chunk[this.#at - from] ?? 0) ^ 0x10, this.#at - from);
      done(null, chunk);
    } else if (this.#passed <= this.#at) done(null, chunk);
    else {
      if (isHere) {
        this.push(chunk.subarray(0, this.#at - from));
        setImmediate(this.#broken);
      }
      done();
    }
  }

  override _flush(done: TransformCallback): void {
    // A body whose length was told too large, or whose connection is about to break, never ends.
    const isWhole = this.#trouble === 'flip' || this.#trouble === 'shorter';
    if (isWhole) done();
  }
}

function bytesOf(message: IncomingMessage): number {
  return Number(message.headers['content-length'] ?? 0);
}

/** Whether a message carries the bytes of an artifact, as far as its kind tells: no document of the protocol. */
function isData({ headers }: IncomingMessage): boolean {
  return !/xml|json/.test(headers['content-type'] ?? '');
}

/** Where a body of so many bytes is struck, and the length that is told of it. */
function wound(
  { trouble, random }: Strike,
  bytes: number,
): { readonly at: number; readonly announced: number } {
  const at = Math.floor(random() * bytes);
  const announced = trouble === 'shorter' ? at : trouble === 'longer' ? bytes + 1 + at : bytes;
  return { at, announced };
}

function refuse(asked: IncomingMessage, answer: ServerResponse, { status, body }: Refusal): void {
  asked.on('error', () => undefined).resume();
  answer.writeHead(status, { 'content-type': 'application/xml', 'content-length': body.length });
  answer.end(body);
}

/** Strikes the body of an answer. */
function mangleAnswer(response: IncomingMessage, answer: ServerResponse, strike: Strike): void {
  const trouble = strike.trouble as Mangling;
  const { at, announced } = wound(strike, bytesOf(response));
  const headers = [...response.rawHeaders];
  const length = headers.findIndex((name, index) => index % 2 === 0 && /^content-length$/i.test(name));
  headers[length + 1] = String(announced);
  answer.writeHead(response.statusCode ?? 0, headers);
  const broken = (): void => {
    if (trouble === 'reset') answer.socket?.resetAndDestroy();
    else answer.socket?.destroy();
    response.destroy();
  };
  // The bytes behind a length that is too small follow all the same: the other side takes them for the next answer.
  const until = trouble === 'shorter' || trouble === 'longer' ? Infinity : at;
  pipeline(response, new Mangler(trouble, until, broken), answer, () => undefined);
}

/** Strikes the body of a request on its way to `open(<bytes announced>)`. */
function mangleRequest(asked: IncomingMessage, open: (bytes: number) => ClientRequest, strike: Strike): void {
  const trouble = strike.trouble as Mangling;
  const { at, announced } = wound(strike, bytesOf(asked));
  const onward = open(announced);
  const broken = (): void => {
    if (trouble === 'shorter') return;
    if (trouble === 'reset') asked.socket.resetAndDestroy();
    else asked.socket.destroy();
    onward.destroy();
  };
  const until = trouble === 'longer' ? Infinity : at;
  pipeline(asked, new Mangler(trouble, until, broken), onward, () => undefined);
}

/** Chooses the bodies that are struck. */
class Sniper {
  #armed: Strike | undefined;
  #seen = 0;
  struck = 0;

  aim(strike: Strike): void {
    this.#armed = strike;
    this.#seen = 0;
    this.struck = 0;
  }

  heal(): number {
    this.#armed = undefined;
    return this.struck;
  }

  /** A read that is refused has no body; what it would have had is not known. */
  ofRequest(asked: IncomingMessage): Strike | undefined {
    const { method } = asked;
    const isWrite = (method === 'PUT' || method === 'POST') && isData(asked) && bytesOf(asked) > 0;
    if (isWrite) return this.#take('up', bytesOf(asked));
    const isRefused = method === 'GET' && typeof this.#armed?.trouble === 'object';
    return isRefused ? this.#take('down', Infinity) : undefined;
  }

  /** Only what is asked for by GET has the bytes whose number it tells. */
  ofAnswer(asked: IncomingMessage, response: IncomingMessage): Strike | undefined {
    if (typeof this.#armed?.trouble === 'object' || asked.method !== 'GET') return undefined;
    const isRead = response.statusCode === 200 || response.statusCode === 206;
    const bytes = bytesOf(response);
    return isRead && isData(response) && bytes > 0 ? this.#take('down', bytes) : undefined;
  }

  #take(way: Strike['way'], bytes: number): Strike | undefined {
    const armed = this.#armed;
    if (!armed || armed.way !== way || bytes < armed.leastBytes) return undefined;
    this.#seen += 1;
    if (this.#seen <= armed.after || this.struck >= armed.times) return undefined;
    if (armed.share !== undefined && armed.random() >= armed.share) return undefined;
    this.struck += 1;
    armed.act?.();
    return armed.trouble === 'pass' ? undefined : armed;
  }
}

/** An HTTP proxy in front of one server that does harm on demand. */
export async function startManglingProxy(upstream: string): Promise<ManglingProxy> {
  const { hostname: host, port } = new URL(upstream);
  const sniper = new Sniper();
  const giveBack = (asked: IncomingMessage, response: IncomingMessage, answer: ServerResponse): void => {
    const strike = sniper.ofAnswer(asked, response);
    if (strike) {
      mangleAnswer(response, answer, strike);
      return;
    }
    answer.writeHead(response.statusCode ?? 0, response.rawHeaders);
    pipeline(response, answer, () => undefined);
  };
  const openFor = (asked: IncomingMessage, answer: ServerResponse, length?: number): ClientRequest => {
    const { method = '', url = '' } = asked;
    const headers =
      length === undefined ? asked.headers : { ...asked.headers, 'content-length': String(length) };
    const onward = request({ host, port, method, path: url, headers });
    onward.on('response', (response) => giveBack(asked, response, answer));
    onward.on('error', () => answer.socket?.destroy());
    answer.on('close', () => {
      if (!answer.writableFinished) onward.destroy();
    });
    return onward;
  };
  const server = createServer((asked, answer) => {
    const strike = sniper.ofRequest(asked);
    if (!strike) pipeline(asked, openFor(asked, answer), () => undefined);
    else if (typeof strike.trouble === 'object') refuse(asked, answer, strike.trouble);
    else mangleRequest(asked, (length) => openFor(asked, answer, length), strike);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    strike: (strike) => sniper.aim(strike),
    heal: () => sniper.heal(),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
