import { afterEach, expect, test } from 'vitest';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import type { Entry } from '../../../../src/artifacts/store.ts';
import type { Answer } from '../../../testbeds/listener.ts';
import { at, failureOf, io, json, openProxy, SERVICE, type Opened } from './open-proxy.ts';

let opened: Opened | undefined;
afterEach(async () => opened?.stop());

async function open(answer: Answer, options?: Parameters<typeof openProxy>[1]): Promise<Opened> {
  opened = await openProxy(answer, options);
  return opened;
}

const listing =
  (files: readonly unknown[]): Answer =>
  (_, response) =>
    json(response, 200, files.length === 0 ? {} : { files });

async function entries({ store }: Opened, recursive = false): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const page of store.list('', { recursive }, io)) found.push(...page);
  return found;
}

test('each segment is encoded once, the type is guessed as MLflow does, the credentials go along', async () => {
  const { store, requests } = await open((_, response) => response.end());
  const path = at("Grüße/100% of a+b & 'c'=d;e.yaml");
  const stored = await store.write(path, bytesSource(Buffer.from('x: 1')), {}, io);
  expect(stored).toEqual({ entry: { path, kind: 'file', size: 4, checksums: [] }, proof: 'none' });
  expect(requests[0]).toMatchObject({ method: 'PUT', body: Buffer.from('x: 1') });
  expect(requests[0]?.url).toBe(
    `${SERVICE}/0/r/Gr%C3%BC%C3%9Fe/100%25%20of%20a%2Bb%20%26%20'c'%3Dd%3Be.yaml`,
  );
  expect(requests[0]?.headers).toMatchObject({
    'content-type': 'text/plain',
    'content-length': '4',
    authorization: 'Basic c2VjcmV0',
  });
});

test('a root is decoded once, so that it is not encoded twice', async () => {
  const { store, requests } = await open((_, response) => json(response, 200, {}), { root: '/0/a%20b%25' });
  await store.stat(at('d/x'), io);
  await store.read(at('x'), {}, io).then((body) => body.stream.destroy());
  expect(requests.map(({ url }) => url)).toEqual([
    `${SERVICE}?path=0%2Fa%20b%25%2Fd`,
    `${SERVICE}/0/a%20b%25/x`,
  ]);
});

test('sizes that are left out are 0, sizes may be text, directories have none', async () => {
  const files = [
    { path: 'z', is_dir: false, file_size: '9007199254740991' },
    { path: 'empty', is_dir: false },
    { path: 'dir', is_dir: true },
  ];
  expect(
    (await entries(await open(listing(files)))).map(({ path, kind, size }) => [path, kind, size]),
  ).toEqual([
    ['dir', 'directory', undefined],
    ['empty', 'file', 0],
    ['z', 'file', Number.MAX_SAFE_INTEGER],
  ]);
});

test.each([
  '../up',
  '..',
  '.',
  '',
  '/etc/passwd',
  'a/b',
  'x\r\ny',
  '%2e%2e',
  '..\\up',
  '%252e%252e%252fup',
  'C:\\x',
])('a listing that names %j is corrupt', async (path) => {
  const failure = await failureOf(entries(await open(listing([{ path, is_dir: false }]))));
  expect(failure.kind).toBe('corrupt');
  expect(failure.message).toContain(JSON.stringify(path));
});

test.each([
  ['[]', 'corrupt'],
  ['{"files":{}}', 'corrupt'],
  ['{"files":[{"path":7}]}', 'corrupt'],
  ['{"files":[{"path":"a","file_size":"many"}]}', 'corrupt'],
  ['OK', 'corrupt'],
  ['<html><title>Sign in</title></html>', 'unauthenticated'],
])('an answer to a listing that is %s is %s', async (body, kind) => {
  expect((await failureOf(entries(await open((_, response) => response.end(body))))).kind).toBe(kind);
});

test('a file that is listed as the one file in itself has nothing under it', async () => {
  const { store } = await open(listing([{ path: 'model', is_dir: false }]));
  const pages: unknown[] = [];
  for await (const page of store.list(at('model'), { recursive: true }, io)) pages.push(page);
  expect(pages).toEqual([]);
});

test('a directory with a file of its own name is one', async () => {
  const { store } = await open(({ url }, response) => {
    const inside = url.endsWith('?path=0%2Fr%2Fmodel');
    json(response, 200, { files: [{ path: 'model', is_dir: !inside }] });
  });
  const found: string[] = [];
  for await (const page of store.list(at('model'), { recursive: false }, io)) {
    found.push(...page.map(({ path }) => path));
  }
  expect(found).toEqual(['model/model']);
});

test('a server that lists a directory in itself without end is cut off', async () => {
  const server = await open(listing([{ path: 'd', is_dir: true }]));
  const failure = await failureOf(entries(server, true));
  expect([failure.kind, failure.message]).toEqual(['corrupt', expect.stringContaining('directories deep')]);
});

test('nothing is removed unasked: a directory with content, another kind, a name twice', async () => {
  const { store, requests } = await open(({ url }, response) => {
    const below = url.endsWith('%2Ffull');
    const files = below
      ? [{ path: 'x', is_dir: false }]
      : [
          { path: 'full', is_dir: true },
          { path: 'file', is_dir: false },
          { path: 'both', is_dir: false },
          { path: 'both', is_dir: true },
        ];
    json(response, 200, { files });
  });
  const undone = await store.remove(
    [
      { path: at('full'), kind: 'directory' },
      { path: at('full'), kind: 'file' },
      { path: at('file'), kind: 'directory' },
      { path: at('both'), kind: 'file' },
      { path: at('absent'), kind: 'file' },
      { path: at('a%20b'), kind: 'file' },
    ],
    io,
  );
  expect(undone.map(({ removal, failure }) => [removal.path, failure.kind])).toEqual([
    ['full', 'conflict'],
    ['full', 'wrong-kind'],
    ['file', 'wrong-kind'],
    ['both', 'conflict'],
    ['a%20b', 'invalid'],
  ]);
  expect(requests.filter(({ method }) => method === 'DELETE')).toEqual([]);
});

test('a batch asks one listing for all files of a directory', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `f${i}`);
  const { store, requests } = await open(({ method }, response) =>
    json(response, 200, method === 'GET' ? { files: names.map((path) => ({ path, is_dir: false })) } : {}),
  );
  expect(
    await store.remove(
      names.map((name) => ({ path: at(name), kind: 'file' })),
      io,
    ),
  ).toEqual([]);
  expect(requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
  expect(requests.filter(({ method }) => method === 'DELETE')).toHaveLength(40);
});

test('a name that the server takes for another one is neither read, listed nor written', async () => {
  const { store, requests } = await open((_, response) => response.end());
  const under = async () => {
    for await (const page of store.list(at('d?'), { recursive: false }, io)) expect(page).toEqual([]);
  };
  for (const act of [
    store.read(at('100%25.txt'), {}, io),
    store.write(at('a#b'), bytesSource(Buffer.from('x')), {}, io),
    store.stat(at('d?/x'), io),
    under(),
  ]) {
    expect((await failureOf(act)).kind).toBe('invalid');
  }
  expect(requests).toEqual([]);
});

test('a part that comes as a whole is refused, one that comes as asked is given', async () => {
  const whole = await open((_, response) => response.end('0123456789'));
  expect((await failureOf(whole.store.read(at('x'), { start: 4 }, io))).kind).toBe('unsupported');
  await whole.stop();
  const { store, requests } = await open((_, response) => {
    response.writeHead(206, { 'content-range': 'bytes 4-9/10', 'content-length': '6' }).end('456789');
  });
  const body = await store.read(at('x'), { start: 4 }, io);
  expect(body).toMatchObject({ start: 4, length: 6, entry: { size: 10 } });
  expect((await body.stream.toArray()).join('')).toBe('456789');
  expect(requests[0]?.headers.range).toBe('bytes=4-');
  expect((await failureOf(store.read(at('x'), { start: 5 }, io))).kind).toBe('corrupt');
});

test('a start beyond the end is invalid and names the size', async () => {
  const { store } = await open((_, response) => {
    response.writeHead(416, { 'content-range': 'bytes */10' }).end();
  });
  const failure = await failureOf(store.read(at('x'), { start: 40 }, io));
  expect([failure.kind, failure.message]).toEqual(['invalid', expect.stringContaining('10 bytes')]);
});

test.each([
  ['not-found', []],
  ['wrong-kind', [{ path: 'x', is_dir: true }]],
  ['unavailable', [{ path: 'x', is_dir: false, file_size: 3 }]],
])('a 500 to a read is %s, as the listing says', async (kind, files) => {
  const { store } = await open(({ url }, response) => {
    if (url.includes('?path=')) json(response, 200, { files });
    else json(response, 500, { error_code: 'INTERNAL_ERROR', message: 'it failed' });
  });
  expect((await failureOf(store.read(at('x'), {}, io))).kind).toBe(kind);
});

test.each([
  ['not-found', []],
  ['wrong-kind', [{ path: 'x', is_dir: true }]],
  ['unavailable', [{ path: 'x', is_dir: false, file_size: 3 }]],
])('an empty body of unknown length is %s, as the listing says', async (kind, files) => {
  const { store } = await open(({ url }, response) => {
    if (url.includes('?path=')) {
      json(response, 200, { files });
      return;
    }
    response.writeHead(200, { 'content-disposition': 'attachment' });
    response.flushHeaders();
    response.end();
  });
  expect((await failureOf(store.read(at('x'), {}, io))).kind).toBe(kind);
});

test('an artifact that a proxy compresses on the way is refused', async () => {
  const { store } = await open((_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end('zzz'),
  );
  expect((await failureOf(store.read(at('x.csv'), {}, io))).kind).toBe('misconfigured');
});

test('an address that is not of the artifact service is unsupported', async () => {
  const { connectProxy } = await import('../../../../src/artifacts/stores/proxy/connect-proxy.ts');
  const { store, url } = await open((_, response) => response.end());
  expect(store.label).toBe('mlflow-artifacts:/0/r');
  const rest = { net: undefined as never, authorizer: undefined as never, clock: undefined as never };
  expect(() => connectProxy({ url: new URL(`${url}/files/x`), label: 'http://h/files/x', ...rest })).toThrow(
    /not served by an MLflow server/,
  );
});
