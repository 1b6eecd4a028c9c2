import { readStart } from '../../../net/read-body.ts';
import type { NetResponse } from '../../../net/net.ts';

/** What the service said instead of doing as asked. */
export interface Refusal {
  readonly status: number;
  /** The reason of the first error, such as `notFound`; empty when the body names none. */
  readonly reason: string;
  readonly message: string;
  readonly requestId?: string;
  /** How long the service asked us to wait, in ms. */
  readonly retryAfterMs?: number;
  /** The host that a redirect points to. */
  readonly location?: string;
}

const MAX_ERROR_BYTES = 64 * 1024;

type Told = Pick<Refusal, 'reason' | 'message'>;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The JSON error document; empty facts for anything else, such as a proxy's HTML page. */
function readErrorDocument(text: string): Told {
  const nothing: Told = { reason: '', message: '' };
  if (!text.trimStart().startsWith('{')) return nothing;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return nothing;
  }
  const error = isRecord(document) ? document['error'] : undefined;
  if (!isRecord(error)) return nothing;
  const list: unknown = error['errors'];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  return {
    reason: isRecord(first) ? textOf(first['reason']) : '',
    message: textOf(error['message']),
  };
}

function retryAfter(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}

function hostOf(location: string | undefined): string | undefined {
  return location !== undefined && URL.canParse(location) ? new URL(location).host : undefined;
}

/**
 * Reads an answer that is no success; its body is consumed.
 * https://cloud.google.com/storage/docs/json_api/v1/status-codes
 */
export async function readRefusal(response: NetResponse): Promise<Refusal> {
  const { headers, status } = response;
  const told = readErrorDocument(await readStart(response, MAX_ERROR_BYTES));
  const retryAfterMs = retryAfter(headers['retry-after']);
  const requestId = headers['x-guploader-uploadid'];
  const location = hostOf(headers['location']);
  return {
    status,
    ...told,
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(location === undefined ? {} : { location }),
  };
}
