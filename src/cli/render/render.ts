import type { Writable } from 'node:stream';
import type { Failure } from '../../core/failure.ts';
import type { View } from '../command.ts';
import { gather } from './gather.ts';

export type OutputMode = 'text' | 'json' | 'jsonl';

type Items<T> = Iterable<T> | AsyncIterable<T> | undefined;

async function* oneByOne<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) yield item;
}

function iterate<T>(items: Items<T>): AsyncIterable<T> {
  return items && Symbol.asyncIterator in items ? items : oneByOne(items ?? []);
}

async function* json(schema: string, view: View<unknown>): AsyncGenerator<string> {
  yield `{"schema":${JSON.stringify(schema)}`;
  if (view.items) {
    let separator = ',"items":[';
    for await (const item of iterate(view.items)) {
      yield `${separator}${JSON.stringify(item)}`;
      separator = ',';
    }
    yield separator === ',' ? ']' : `${separator}]`;
  }
  for (const [key, value] of Object.entries(view.data?.() ?? {})) {
    if (value !== undefined) yield `,${JSON.stringify(key)}:${JSON.stringify(value)}`;
  }
  yield '}\n';
}

async function* jsonl(schema: string, view: View<unknown>): AsyncGenerator<string> {
  for await (const item of iterate(view.items)) yield `${JSON.stringify(item)}\n`;
  yield `${JSON.stringify({ schema, ...view.data?.() })}\n`;
}

function chunks(
  schema: string,
  view: View<unknown>,
  mode: OutputMode,
  quiet: boolean,
): AsyncIterable<string> {
  if (mode === 'json') return json(schema, view);
  if (mode === 'jsonl') return jsonl(schema, view);
  return iterate(quiet ? view.quiet?.(iterate(view.items)) : view.text(iterate(view.items)));
}

/**
 * Writes a view on stdout in the mode asked for, with back-pressure.
 * @returns the failure that the view ends with, if any
 */
export async function render(
  command: string,
  view: View<unknown>,
  options: { readonly mode: OutputMode; readonly quiet: boolean; readonly stdout: Writable },
): Promise<Failure | undefined> {
  const schema = `mlstow.${command.replaceAll(' ', '.')}/1`;
  const out = gather(options.stdout);
  try {
    for await (const chunk of chunks(schema, view, options.mode, options.quiet)) {
      const room = out.put(chunk);
      if (room) await room;
    }
  } finally {
    out.end();
  }
  return view.failure?.();
}
