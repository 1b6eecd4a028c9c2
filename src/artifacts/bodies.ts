import type { Readable } from 'node:stream';
import { streamOf } from '../core/held-bytes.ts';
import type { NetResponse } from '../net/net.ts';
import type { Body, Entry } from './store.ts';

/** What is known of a body beside its bytes. */
type About = Omit<Body, 'stream' | 'bytes'>;

/** A body that is there already; it is made a stream only for whoever asks for one. */
export class HeldBody implements Body {
  readonly entry: Entry;
  readonly start: number;
  readonly length: number;
  readonly bytes: Uint8Array;
  #stream: Readable | undefined;

  constructor({ entry, start, length }: About, bytes: Uint8Array) {
    this.entry = entry;
    this.start = start;
    this.length = length ?? bytes.byteLength;
    this.bytes = bytes;
  }

  get stream(): Readable {
    return (this.#stream ??= streamOf(this.bytes));
  }
}

/** A body as an answer gives it. */
export function answeredBody(about: About, response: NetResponse): Body {
  const { bytes } = response;
  return bytes ? new HeldBody(about, bytes) : { ...about, stream: response.body };
}
