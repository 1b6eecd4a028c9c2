import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { wholeBody, type Continuation } from '../../../../src/artifacts/layers/whole-body.ts';
import type { Body } from '../../../../src/artifacts/store.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { expectFailure } from '../../../conformance/artifact-store/expect-failure.ts';
import { at, bytesOf } from '../../../conformance/artifact-store/pattern.ts';

const signal = new AbortController().signal;

function body(stream: Readable, length?: number, start = 0): Body {
  return {
    entry: { path: at('file'), kind: 'file', checksums: [] },
    start,
    stream,
    ...(length === undefined ? {} : { length }),
  };
}

function read(of: Body, more: Partial<Continuation> = {}): Promise<Buffer> {
  return bytesOf(wholeBody(of, { subject: 'store/file', signal, ...more }));
}

const streamOf = (...chunks: readonly string[]) => Readable.from(chunks.map((each) => Buffer.from(each)));

describe('whole body', () => {
  test('more bytes than announced are an error', async () => {
    await expectFailure(read(body(streamOf('abc', 'de'), 4)), 'corrupt');
  });

  test('fewer are too', async () => {
    expect((await expectFailure(read(body(streamOf('abc'), 4)), 'unavailable')).retry).toBe('later');
  });

  test('all bytes and then a reset are all bytes', async () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    async function* chunks() {
      yield Buffer.from('abcd');
      throw reset;
    }
    const reopen = async () => Promise.reject(new Error('there is nothing to ask for'));
    expect((await read(body(Readable.from(chunks()), 4), { reopen })).toString()).toBe('abcd');
  });

  test('a stream that broke before anybody looked is a failure, not a hang', async () => {
    const dead = new PassThrough();
    dead.on('error', () => undefined);
    dead.destroy(Object.assign(new Error('gone'), { code: 'EPIPE' }));
    await new Promise((resolve) => dead.once('close', resolve));
    const failure = await expectFailure(read(body(dead, 4)), 'unavailable');
    expect(failure.facts.vendor?.code).toBe('EPIPE');
  });

  test('a bug in a stream is told as a bug', async () => {
    const broken = new Readable({
      read: () => {
        throw new TypeError('x is not a function');
      },
    });
    await expectFailure(read(body(broken, 4)), 'internal');
  });

  test('a continuation that starts elsewhere is refused', async () => {
    const reopen = async () => body(streamOf('abcd'), 4, 0);
    await expectFailure(read(body(streamOf('ab'), 4), { reopen }), 'unavailable');
  });

  test('destroying it while nothing comes closes what is below', async () => {
    const silent = new PassThrough();
    const whole = wholeBody(body(silent, 4), { subject: 'store/file', signal }).stream;
    whole.resume();
    const closed = new Promise((resolve) => silent.once('close', resolve));
    whole.destroy();
    await closed;
    expect(silent.destroyed).toBe(true);
  });

  test('a deadline ends it with its own Failure', async () => {
    const aborting = new AbortController();
    const reading = read(body(new PassThrough(), 4), { signal: aborting.signal });
    aborting.abort(new Failure({ kind: 'deadline', message: 'the time is up', subject: '' }));
    await expectFailure(reading, 'deadline');
  });

  test('a slow reader holds the source back', async () => {
    let made = 0;
    const endless = new Readable({
      highWaterMark: 1024,
      read() {
        made += 1;
        this.push(Buffer.alloc(1024));
      },
    });
    const whole = wholeBody(body(endless), { subject: 'store/file', signal }).stream;
    whole.once('readable', () => undefined);
    for (let i = 0; i < 20; i += 1) await new Promise(setImmediate);
    expect(made).toBeLessThan(10);
    whole.destroy();
  });
});
