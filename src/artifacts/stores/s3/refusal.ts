import { readStart } from '../../../net/read-body.ts';
import type { NetResponse } from '../../../net/net.ts';
import { parseDocument, textOf, type Document } from './xml.ts';

/** What a server said instead of doing as asked. */
export interface Refusal {
  readonly status: number;
  /** S3's error code; empty when the answer had no body that names one. */
  readonly code: string;
  readonly message: string;
  readonly requestId?: string;
  /** How long the server asked us to wait, in ms. */
  readonly retryAfterMs?: number;
  /** The bucket's region, when the server tells it. */
  readonly region?: string;
  /** Where a redirect points. */
  readonly location?: string;
  /** The server's clock, as it told it. */
  readonly date?: string;
}

const MAX_ERROR_BYTES = 64 * 1024;
const REGION = /^[a-z0-9-]{1,40}$/;

function retryAfter(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}

interface Told {
  readonly code: string;
  readonly message: string;
  readonly region?: string;
}

const NOTHING: Told = { code: '', message: '' };

/** What a document says of an error; empty facts when it is about something else. */
export function errorIn({ name, root }: Document): Told {
  if (name !== 'Error') return NOTHING;
  const region = textOf(root, 'Region');
  return {
    code: textOf(root, 'Code') ?? '',
    message: textOf(root, 'Message') ?? '',
    ...(region ? { region } : {}),
  };
}

/** An error document; empty facts when the text is none, such as a proxy's HTML page. */
function readErrorDocument(text: string): Told {
  if (!text.trimStart().startsWith('<')) return NOTHING;
  try {
    return errorIn(parseDocument(text, 'an error'));
  } catch {
    return NOTHING;
  }
}

/** Reads what a server answered with a status of 300 or more. */
export async function readRefusal(response: NetResponse): Promise<Refusal> {
  const { headers, status } = response;
  const told = readErrorDocument(await readStart(response, MAX_ERROR_BYTES));
  const region = headers['x-amz-bucket-region'] ?? told.region;
  const retryAfterMs = retryAfter(headers['retry-after']);
  return {
    status,
    code: told.code,
    message: told.message,
    ...(headers['x-amz-request-id'] ? { requestId: headers['x-amz-request-id'] } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(region !== undefined && REGION.test(region) ? { region } : {}),
    ...(headers['location'] ? { location: headers['location'] } : {}),
    ...(headers['date'] ? { date: headers['date'] } : {}),
  };
}
