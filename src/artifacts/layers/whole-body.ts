import { Readable } from 'node:stream';
import { Failure, asFailure } from '../../core/failure.ts';
import { onAbort } from '../../core/on-abort.ts';
import type { Body } from '../store.ts';

/** A body that goes on after a cut, and how. */
export interface Continuation {
  /** Redacted, for messages. */
  readonly subject: string;
  readonly signal: AbortSignal;
  /** Opens the same object again from `start`; absent when its version or the store's ranges do not allow it. */
  readonly reopen?: (start: number) => Promise<Body>;
}

/** Cuts without a byte in between after which a body is given up. */
const MAX_FRUITLESS = 3;

/**
 * A body whose stream gives every announced byte or fails: a cut is continued from the delivered byte where that is safe
 * and otherwise fails with `unavailable`, retry `later`. It never ends short, and it fails as `cancelled` when the
 * signal aborts.
 */
export function wholeBody(body: Body, continuation: Continuation): Body {
  return { ...body, stream: new WholeStream(body, continuation) };
}

class WholeStream extends Readable {
  readonly #continuation: Continuation;
  readonly #start: number;
  readonly #length: number | undefined;
  #inner: Readable;
  #delivered = 0;
  #fruitless = 0;
  readonly #release: () => void;

  constructor(body: Body, continuation: Continuation) {
    super({ highWaterMark: body.stream.readableHighWaterMark });
    this.#continuation = continuation;
    this.#start = body.start;
    this.#length = body.length;
    this.#inner = body.stream;
    const stop = () => void this.destroy(stopped(continuation));
    this.#release = onAbort(continuation.signal, stop);
    this.#attach(body.stream);
    if (continuation.signal.aborted) stop();
  }

  override _read(): void {
    this.#inner.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#release();
    const inner = this.#inner;
    if (inner.closed) done(error);
    else inner.once('close', () => done(error)).destroy();
  }

  #attach(inner: Readable): void {
    let ended = false;
    let failure: unknown;
    // `close` and not `end`: whatever the inner stream holds is free before this one ends or goes on.
    const settle = () => this.#settle(ended, failure ?? inner.errored ?? undefined);
    inner.pause();
    inner.on('data', (chunk: Buffer) => {
      this.#fruitless = 0;
      this.#delivered += chunk.byteLength;
      if (!this.push(chunk)) inner.pause();
    });
    inner.once('error', (error) => {
      failure = error;
    });
    inner.once('end', () => {
      ended = true;
    });
    if (inner.closed) settle();
    else inner.once('close', settle);
  }

  #settle(ended: boolean, thrown: unknown): void {
    if (this.destroyed) return;
    const { subject, signal } = this.#continuation;
    if (signal.aborted) return void this.destroy(stopped(this.#continuation));
    if (ended && (this.#length === undefined || this.#delivered === this.#length)) {
      return void this.push(null);
    }
    if (this.#length !== undefined && this.#delivered > this.#length) {
      return void this.destroy(tooLong(subject, this.#delivered, this.#length));
    }
    this.#continue(bodyFailure(thrown, subject));
  }

  #continue(failure: Failure): void {
    const { reopen } = this.#continuation;
    this.#fruitless += 1;
    if (failure.retry !== 'later' || !reopen || this.#fruitless > MAX_FRUITLESS)
      return void this.destroy(failure);
    // Every byte came and only the end was lost: there is nothing left to ask for.
    if (this.#delivered === this.#length) return void this.push(null);
    reopen(this.#start + this.#delivered).then(
      (body) => this.#adopt(body),
      (thrown: unknown) => void this.destroy(asFailure(thrown, this.#continuation.subject)),
    );
  }

  #adopt(body: Body): void {
    if (this.destroyed) {
      body.stream.destroy();
      return;
    }
    if (body.start !== this.#start + this.#delivered) {
      body.stream.destroy();
      return void this.destroy(new Failure(cutFacts(this.#continuation.subject)));
    }
    this.#inner = body.stream;
    this.#attach(body.stream);
    this.#inner.resume();
  }
}

/** The bytes of a body that came at once are as many as were announced. @throws Failure unavailable, corrupt */
export function checkLength(bytes: Uint8Array, announced: number | undefined, subject: string): void {
  const { byteLength } = bytes;
  if (announced === undefined || byteLength === announced) return;
  throw byteLength > announced ? tooLong(subject, byteLength, announced) : new Failure(cutFacts(subject));
}

function cutFacts(subject: string) {
  return {
    kind: 'unavailable',
    message: `reading ${subject} broke off before its end`,
    subject,
    retry: 'later',
  } as const;
}

/** A stream's error as a Failure: what a socket or file system says is a cut, what has no code is a bug of ours. */
function bodyFailure(thrown: unknown, subject: string): Failure {
  if (thrown === undefined) return new Failure(cutFacts(subject));
  const coded = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string';
  if (thrown instanceof Failure || !coded || thrown.name === 'AbortError') return asFailure(thrown, subject);
  return new Failure({ ...cutFacts(subject), vendor: { code: String(thrown.code) } }, thrown);
}

function tooLong(subject: string, delivered: number, announced: number): Failure {
  return new Failure({
    kind: 'corrupt',
    message: `${subject} gave ${delivered} bytes where ${announced} were announced`,
    subject,
    retry: 'later',
  });
}

function stopped({ signal, subject }: Continuation): Failure {
  if (signal.reason instanceof Failure) return signal.reason;
  return new Failure(
    { kind: 'cancelled', message: `reading ${subject} was stopped`, subject },
    signal.reason,
  );
}
