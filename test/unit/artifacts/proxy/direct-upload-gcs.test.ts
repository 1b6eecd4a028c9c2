import { expect, test } from 'vitest';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import { acts, isCreate, md5, openServer, startStore } from './direct-rig.ts';
import { at, io, json } from './open-proxy.ts';

/**
 * A part's URL as a server signs it for Google's XML API (V4 query signing); not run against Google's own service.
 * https://cloud.google.com/storage/docs/authentication/signatures and .../docs/xml-api/put-object-multipart
 */
function signed(store: string, number: number): string {
  const query = [
    `partNumber=${number}`,
    'uploadId=VXBsb2FkIElEIGZvciBlbHZpbmcncyBteS1tb3ZpZS5tMnRzIHVwbG9hZA',
    'X-Goog-Algorithm=GOOG4-RSA-SHA256',
    'X-Goog-Credential=signer%40project.iam.gserviceaccount.com%2F20261121%2Fauto%2Fstorage%2Fgoog4_request',
    'X-Goog-Date=20261121T000000Z',
    'X-Goog-Expires=3600',
    'X-Goog-SignedHeaders=host',
    'X-Goog-Signature=0123abcd',
  ];
  return `${store}/bucket/0/r/dir/gr%C3%B6%C3%9Fe%20%25.bin?${query.join('&')}`;
}

test('parts for Google go to its XML API as it is documented: the URL as signed, the body bare, the ETag given back', async () => {
  const store = await startStore(({ body }, response) => {
    const headers = {
      etag: `"${md5(body)}"`,
      'x-goog-hash': `crc32c=yZRlqg==,md5=${Buffer.from(md5(body), 'hex').toString('base64')}`,
      'x-guploader-uploadid': 'ADPycdv',
    };
    response.writeHead(200, headers).end();
  });
  const server = await openServer({
    store,
    listed: 8,
    instead: (request, response) => {
      if (!isCreate(request)) return false;
      const credentials = [1, 2].map((number) => ({
        url: signed(store.url, number),
        part_number: number,
        headers: {},
      }));
      json(response, 200, { upload_id: 'VXBsb2FkIElE', credentials });
      return true;
    },
  });
  const session = await server.store.multipart!.begin(
    at('dir/big.bin'),
    { partBytes: 5, size: 8, media: { type: 'application/octet-stream' } },
    io,
  );
  const bytes = Buffer.from('12345678');
  const receipts = [
    await session.put({ number: 1, offset: 0, size: 5 }, bytesSource(bytes.subarray(0, 5)), io),
    await session.put({ number: 2, offset: 5, size: 3 }, bytesSource(bytes.subarray(5)), io),
  ];
  await session.commit(receipts, { size: 8, checksums: [] }, io);

  expect(store.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(
    [1, 2].map((number) => `PUT ${signed('', number)}`),
  );
  for (const { headers } of store.requests) {
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('content-type');
    expect(headers).not.toHaveProperty('transfer-encoding');
  }
  const finish = server.requests.find(({ url }) => url.includes('/mpu/complete/'));
  expect(JSON.parse(finish?.body.toString() ?? '')).toMatchObject({
    upload_id: 'VXBsb2FkIElE',
    parts: [
      { part_number: 1, etag: `"${md5(bytes.subarray(0, 5))}"` },
      { part_number: 2, etag: `"${md5(bytes.subarray(5))}"` },
    ],
  });
  expect(acts(server).at(0)).toBe('POST /mpu/create/0/r/dir');
});
