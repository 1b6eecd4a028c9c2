import type { NetResponse } from '../../../../net/net.ts';
import type { Told } from '../failures.ts';

function remoteException(body: string): Record<string, unknown> {
  try {
    const parsed = JSON.parse(body) as { readonly RemoteException?: unknown } | null;
    const told = parsed?.RemoteException;
    return typeof told === 'object' && told !== null ? (told as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What an answer other than 2xx says; a Java stack in its message is left out. */
export function toldBy(answer: NetResponse, body: string): Told {
  const told = remoteException(body);
  const javaClass = text(told['javaClassName']);
  return {
    host: answer.url.host,
    status: answer.status,
    exception: text(told['exception']) || javaClass.slice(javaClass.lastIndexOf('.') + 1),
    message: (text(told['message']).split('\n')[0] ?? '').trim(),
  };
}
