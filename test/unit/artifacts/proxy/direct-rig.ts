import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterEach } from 'vitest';
import type { DirectOptions } from '../../../../src/artifacts/stores/proxy/direct.ts';
import { createNet } from '../../../../src/net/create-net.ts';
import { startListener, type Answer, type Listener, type Recorded } from '../../../testbeds/listener.ts';
import { json, openProxy, type Opened } from './open-proxy.ts';

const MIB = 1024 ** 2;
/** Connections to the store behind the server. */
export const net = createNet({ verifyTls: true, connectMs: 5_000, idleMs: 10_000, maxSockets: 8 });
const beds: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const bed of beds.splice(0)) await bed.stop();
});

/** Stops a bed after the test. */
export function owned<T extends { stop(): Promise<void> }>(bed: T): T {
  beds.push(bed);
  return bed;
}

export const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');
export const isCreate = ({ url }: Recorded) => url.includes('/mpu/create/');
/** Methods and places at the artifact service. */
export const acts = ({ requests }: Listener) =>
  requests.map(({ method, url }) => `${method} ${url.replace('/api/2.0/mlflow-artifacts', '')}`);

/** A store that takes parts as S3 and those like it do. */
export async function startStore(answer?: Answer): Promise<Listener> {
  return owned(
    await startListener(
      answer ??
        (({ body }, response) => {
          response.writeHead(200, { etag: `"${md5(body)}"` }).end();
        }),
    ),
  );
}

/** URLs of `count` parts as the server gives them. */
export function credentials(store: Listener, count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({
    url: `${store.url}/bucket/key?partNumber=${index + 1}&uploadId=u&X-Amz-Signature=s3cret`,
    part_number: index + 1,
    headers: { 'x-given': `for ${index + 1}`, host: 'elsewhere' },
  }));
}

export interface Talk {
  readonly store?: Listener;
  readonly listed?: number;
  /** Instead of the usual answers; true when it answered. */
  readonly instead?: (request: Recorded, response: ServerResponse) => boolean;
  readonly direct?: Partial<DirectOptions>;
}

/** A server that signs URLs for a store, and lists what is said to be there. */
export async function openServer({ store, listed = 0, instead, direct = {} }: Talk): Promise<Opened> {
  const answer: Answer = (request, response) => {
    if (instead?.(request, response)) return;
    const { url, body } = request;
    if (isCreate(request) && store) {
      const { num_parts: count } = JSON.parse(body.toString()) as { num_parts: number };
      json(response, 200, { upload_id: 'u', credentials: credentials(store, count) });
    } else if (url.includes('?path='))
      json(response, 200, { files: [{ path: 'big.bin', file_size: listed }] });
    else if (url.includes('/mpu/')) json(response, 200, {});
    else if (url.includes('/server-info')) json(response, 404, {});
    else response.end();
  };
  const way = { net: () => net, upload: true, fromBytes: MIB, partBytes: 5 * MIB, ...direct };
  return owned(await openProxy(answer, { direct: way }));
}
