import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { RestCall, RestClient } from './client.ts';
import { objects, text, type JsonObject } from './fields.ts';

/**
 * The pages of a search, to the end. `call` gets the token of the page before.
 * @throws Failure corrupt when the server gives the same token twice
 */
export async function* pages(
  client: RestClient,
  call: (token: string | undefined) => RestCall | undefined,
  key: string,
  io: Io,
): AsyncGenerator<readonly JsonObject[]> {
  let token: string | undefined;
  for (;;) {
    const next = call(token);
    if (next === undefined) return;
    const answer = await client.call(next, io);
    yield objects(answer, key);
    const following = text(answer, 'next_page_token');
    if (following === undefined || following === '') return;
    if (following === token) {
      const message = 'the tracking server gives the same page again and again';
      throw new Failure({ kind: 'corrupt', message, subject: next.subject });
    }
    token = following;
  }
}
