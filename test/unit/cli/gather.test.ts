import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { gather } from '../../../src/cli/render/gather.ts';

/** A stream that keeps what was written, and takes more when it is told to. */
function slowStream(highWaterMark: number) {
  const written: string[] = [];
  let next: () => void = () => undefined;
  const stream = new Writable({
    highWaterMark,
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      written.push(chunk);
      next = done;
    },
  });
  return { stream, written, take: () => next() };
}

it('writes what comes in one turn together, and without waiting for more', async () => {
  const { stream, written } = slowStream(1_000_000);
  const out = gather(stream);
  expect([out.put('a\n'), out.put('b\n')]).toEqual([undefined, undefined]);
  expect(written).toEqual([]);
  await turn();
  expect(written).toEqual(['a\nb\n']);
});

it('waits for a stream that takes no more, and holds little meanwhile', async () => {
  const { stream, written, take } = slowStream(10);
  const out = gather(stream);
  const long = 'x'.repeat(20_000);
  const room = out.put(long);
  expect(written).toEqual([long]);
  let isFree = false;
  const waited = room?.then(() => {
    isFree = true;
  });
  await turn();
  expect(isFree).toBe(false);
  take();
  await waited;
  expect(isFree).toBe(true);
});

it('writes the rest at the end, once', async () => {
  const { stream, written } = slowStream(1_000_000);
  const out = gather(stream);
  void out.put('last\n');
  out.end();
  out.end();
  await turn();
  expect(written).toEqual(['last\n']);
});
