import { Failure } from '../core/failure.ts';
import type { NetResponse } from './net.ts';

function subjectOf(response: NetResponse): string {
  return `${response.url.origin}${response.url.pathname}`;
}

async function collect(response: NetResponse, maxBytes: number): Promise<{ text: string; whole: boolean }> {
  const { bytes } = response;
  if (bytes) return { text: bytes.toString('utf8', 0, maxBytes), whole: bytes.length <= maxBytes };
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  const text = Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
  return { text, whole: size <= maxBytes };
}

/** Gives up a body of which nothing matters any more; its connection is kept for the next request. */
export function discard(response: NetResponse): void {
  if (!response.bytes) response.body.once('error', () => undefined).resume();
}

/** The first `maxBytes` of a body as text, the rest given up: for the bodies of errors. */
export async function readStart(response: NetResponse, maxBytes: number): Promise<string> {
  return (await collect(response, maxBytes)).text;
}

/**
 * A whole body as text.
 * @throws Failure too-large beyond `maxBytes`; those of the connection
 */
export async function readText(response: NetResponse, maxBytes: number): Promise<string> {
  const { text, whole } = await collect(response, maxBytes);
  if (whole) return text;
  throw new Failure({
    kind: 'too-large',
    message: `the answer is larger than ${maxBytes} bytes`,
    subject: subjectOf(response),
  });
}

/**
 * A whole body as JSON.
 * @throws Failure too-large, corrupt (not JSON); those of the connection
 */
export async function readJson(response: NetResponse, maxBytes: number): Promise<unknown> {
  const text = await readText(response, maxBytes);
  try {
    return JSON.parse(text);
  } catch (thrown) {
    const facts = {
      kind: 'corrupt',
      message: 'the answer is not JSON',
      subject: subjectOf(response),
    } as const;
    throw new Failure(facts, thrown);
  }
}
