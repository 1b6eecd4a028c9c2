import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { ArtifactStore, Receipt, Unfinished } from '../../../../src/artifacts/store.ts';
import { parseArtifactPath, type Under } from '../../../../src/core/artifact-path.ts';
import type { Io } from '../../../../src/core/io.ts';
import { failureOf } from '../../../conformance/artifact-store/expect-failure.ts';
import { startListener, type Answer, type Listener } from '../../../testbeds/listener.ts';
import { storeAt } from '../../../testbeds/s3-store.ts';

const io: Io = { signal: new AbortController().signal };
let listener: Listener;
afterEach(async () => listener.stop());

async function against(
  answer: (query: URLSearchParams, response: ServerResponse) => void,
): Promise<ArtifactStore> {
  const play: Answer = ({ url }, response) => answer(new URL(url, 'http://x').searchParams, response);
  listener = await startListener(play);
  const target = { endpoint: listener.url, region: 'us-east-1', accessKeyId: 'k', secretAccessKey: 's' };
  return storeAt(target, 'bkt', 'root');
}

async function unfinished(store: ArtifactStore, under: Under): Promise<string[]> {
  const found: Unfinished[] = [];
  for await (const page of store.incomplete!.list(under, io)) found.push(...page);
  return found.map(({ path, token }) => `${path} ${token}`);
}

const under = (path: string): Under => parseArtifactPath(path);
const queries = () => listener.requests.map(({ url }) => new URL(url, 'http://x').searchParams);

type Upload = readonly [key: string, id: string];

function answerOf(uploads: readonly Upload[], next?: Upload | readonly [undefined, string]): string {
  const listed = uploads.map(
    ([key, id]) =>
      `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload>`,
  );
  const key = next?.[0] === undefined ? '' : `<NextKeyMarker>${next[0]}</NextKeyMarker>`;
  const more = next
    ? `<IsTruncated>true</IsTruncated>${key}<NextUploadIdMarker>${next[1]}</NextUploadIdMarker>`
    : '';
  return `<R><EncodingType>url</EncodingType>${listed.join('')}${more}</R>`;
}

describe('unfinished uploads', () => {
  test('go on with both markers; names are decoded once', async () => {
    const store = await against((query, response) => {
      if (query.get('key-marker') === null) {
        response.end(answerOf([['root/d/a%2Bb+c', '1']], ['root/d/a%2Bb+c', '1']));
      } else response.end(answerOf([['root/d/z', '2']]));
    });
    expect((await unfinished(store, '')).toSorted()).toEqual(['d/a+b c 1', 'd/z 2']);
    expect(queries().map((query) => query.get('prefix'))).toEqual(['root/', 'root/']);
    expect([queries()[1]?.get('key-marker'), queries()[1]?.get('upload-id-marker')]).toEqual([
      'root/d/a+b c',
      '1',
    ]);
  });

  test('of a path stop at the first other key, and go on below it', async () => {
    const store = await against((query, response) => {
      if (query.get('prefix') === 'root/a') {
        response.end(
          answerOf(
            [
              ['root/a', '1'],
              ['root/a-b', '2'],
            ],
            ['root/a-b', '2'],
          ),
        );
      } else response.end(answerOf([['root/a/b', '3']]));
    });
    expect(await unfinished(store, under('a'))).toEqual(['a 1', 'a/b 3']);
    expect(queries().map((query) => query.get('prefix'))).toEqual(['root/a', 'root/a/']);
  });

  test('of a path go on though the server names no key for its marker', async () => {
    const store = await against((query, response) => {
      if (query.get('prefix') !== 'root/a') response.end(answerOf([]));
      else if (query.get('upload-id-marker') === null)
        response.end(answerOf([['root/a', '1']], [undefined, '1']));
      else response.end(answerOf([['root/a', '2']]));
    });
    expect(await unfinished(store, under('a'))).toEqual(['a 1', 'a 2']);
    expect(queries()[1]?.get('key-marker')).toBe('root/a');
  });

  test('of MinIO are looked for in the whole bucket, and those of others left out', async () => {
    const store = await against((query, response) => {
      response.setHeader('server', 'MinIO');
      const all: Upload[] = [
        ['root/a/b', '1'],
        ['root/ab', '2'],
        ['rooted', '3'],
      ];
      response.end(answerOf(query.get('prefix') === '' ? all : []));
    });
    expect(await unfinished(store, under('a'))).toEqual(['a/b 1']);
    expect(queries().map((query) => query.get('prefix'))).toEqual(['root/a', 'root/a/', '']);
  });

  test('go on behind a key whose second marker the server refuses, and miss none of that key', async () => {
    const store = await against((query, response) => {
      const [after, id] = [query.get('key-marker'), query.get('upload-id-marker')];
      if (id !== null) response.writeHead(400).end('<Error><Code>InvalidArgument</Code></Error>');
      else if (after === 'root/a') response.end(answerOf([['root/b', '3']]));
      else if (query.get('prefix') === 'root/a')
        response.end(
          answerOf([
            ['root/a', '1'],
            ['root/a', '2'],
          ]),
        );
      else response.end(answerOf([['root/a', '1']], ['root/a', '1']));
    });
    expect((await unfinished(store, '')).toSorted()).toEqual(['a 1', 'a 2', 'b 3']);
  });

  test('that never end are corrupt', async () => {
    const store = await against((_, response) => response.end(answerOf([['root/a', '1']], ['root/a', '1'])));
    expect((await failureOf(unfinished(store, ''))).kind).toBe('corrupt');
    expect(listener.requests).toHaveLength(2);
  });

  test('are discarded where they are, once or twice', async () => {
    const store = await against((_, response) =>
      response.writeHead(404).end('<Error><Code>NoSuchUpload</Code></Error>'),
    );
    await store.incomplete!.discard({ path: parseArtifactPath('a b'), token: 'u+1' }, io);
    expect(listener.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'DELETE /bkt/root/a%20b?uploadId=u%2B1',
    ]);
  });
});

describe('confirmed parts', () => {
  const attach = (store: ArtifactStore) =>
    store.multipart!.attach!(parseArtifactPath('x'), 'u', { partBytes: 10, media: {} });

  async function confirmed(store: ArtifactStore): Promise<Receipt[]> {
    const receipts: Receipt[] = [];
    for await (const page of attach(store).confirmed!(io)) receipts.push(...page);
    return receipts;
  }

  const part = (number: number, more = '') =>
    `<Part><PartNumber>${number}</PartNumber><ETag>"${'a'.repeat(32)}"</ETag><Size>10</Size>${more}</Part>`;

  test('are paged by number; their checksums are those that the server tells', async () => {
    const store = await against((query, response) => {
      const more = '<IsTruncated>true</IsTruncated>';
      if (query.get('part-number-marker') === null) {
        response.end(`<R>${part(1, '<ChecksumCRC32>AAAAAQ==</ChecksumCRC32>')}${part(3)}${more}</R>`);
      } else response.end(`<R>${part(7)}</R>`);
    });
    const tag = 'a'.repeat(32);
    expect(await confirmed(store)).toEqual([
      {
        number: 1,
        offset: 0,
        size: 10,
        tag,
        checksum: { algorithm: 'crc32', value: '00000001', scope: 'whole' },
      },
      { number: 3, offset: 20, size: 10, tag },
      { number: 7, offset: 60, size: 10, tag },
    ]);
    expect(queries()[1]?.get('part-number-marker')).toBe('3');
  });

  test('of an upload that is gone are not-found', async () => {
    const store = await against((_, response) =>
      response.writeHead(404).end('<Error><Code>NoSuchUpload</Code></Error>'),
    );
    const failure = await failureOf(confirmed(store));
    expect([failure.kind, failure.facts.vendor?.code]).toEqual(['not-found', 'NoSuchUpload']);
  });

  test('that never end are corrupt', async () => {
    const store = await against((_, response) =>
      response.end(`<R>${part(1)}<IsTruncated>true</IsTruncated></R>`),
    );
    expect((await failureOf(confirmed(store))).kind).toBe('corrupt');
    expect(listener.requests).toHaveLength(2);
  });
});
