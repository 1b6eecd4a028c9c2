import { streamOf } from '../core/held-bytes.ts';
import type { NetResponse } from '../net/net.ts';
import type { Body } from './store.ts';

/** What is known of a body beside its bytes. */
type About = Omit<Body, 'stream' | 'bytes'>;

/** A body that is there already; it is made a stream only for whoever asks for one. */
export function heldBody(about: About, bytes: Uint8Array): Body {
  let stream: Body['stream'] | undefined;
  return {
    ...about,
    bytes,
    get stream() {
      return (stream ??= streamOf(bytes));
    },
  };
}

/** A body as an answer gives it. */
export function answeredBody(about: About, response: NetResponse): Body {
  const { bytes } = response;
  return bytes ? heldBody(about, bytes) : { ...about, stream: response.body };
}
