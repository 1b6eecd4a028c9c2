import { afterEach, expect, test } from 'vitest';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import { parseArtifactPath } from '../../../../src/core/artifact-path.ts';
import { parseLocation } from '../../../../src/core/location.ts';
import { failureOf } from '../../../conformance/artifact-store/expect-failure.ts';
import { connectHdfsTo } from '../../../testbeds/hdfs-store.ts';
import { startListener, type Answer, type Listener } from '../../../testbeds/listener.ts';

const io = { signal: new AbortController().signal };
const TOKEN = 'secret-delegation-token';
const open: Listener[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(async (each) => each.stop()));
});

async function listen(answer?: Answer): Promise<Listener> {
  const listener = await startListener(answer);
  open.push(listener);
  return listener;
}

const remote = (exception: string, message: string) =>
  JSON.stringify({ RemoteException: { exception, javaClassName: `x.${exception}`, message } });

async function storeAt(extraConf: readonly string[]) {
  const backend = await connectHdfsTo({ delegationToken: TOKEN, extraConf });
  return backend.at(parseLocation('hdfs://ns/root'));
}

async function storeOn(url: string) {
  const backend = await connectHdfsTo({ delegationToken: TOKEN, webhdfsUrl: url });
  return backend.at(parseLocation('hdfs://ns/root'));
}

test.each([
  ['another path', '/webhdfs/v1/root/other?op=OPEN'],
  ['another operation', '/webhdfs/v1/root/file?op=DELETE'],
  ['no WebHDFS at all', '/latest/meta-data/iam'],
])('a redirect to %s is refused and not followed', async (_, target) => {
  const other = await listen();
  const nameNode = await listen((_request, response) => {
    response.writeHead(307, { location: `${other.url}${target}` }).end();
  });
  const store = await storeOn(nameNode.url);
  const failure = await failureOf(store.read(parseArtifactPath('file'), {}, io));
  expect(failure.kind).toBe('misconfigured');
  expect(failure.message).toContain(new URL(other.url).host);
  expect(other.requests).toEqual([]);
  expect(JSON.stringify(failure.facts)).not.toContain(TOKEN);
});

test.each([
  'ftp://127.0.0.1/webhdfs/v1/root/file?op=OPEN',
  'http://u:p@127.0.0.1:1/webhdfs/v1/root/file?op=OPEN',
])('a redirect to %s is refused', async (location) => {
  const nameNode = await listen((_request, response) => {
    response.writeHead(307, { location }).end();
  });
  const store = await storeOn(nameNode.url);
  expect((await failureOf(store.read(parseArtifactPath('file'), {}, io))).kind).toBe('misconfigured');
});

test('the name node gets no bytes, the data node no credentials of ours, and no second redirect is followed', async () => {
  const third = await listen();
  const dataNode = await listen((_request, response) => {
    response.writeHead(307, { location: `${third.url}/webhdfs/v1/root/x?op=CREATE` }).end();
  });
  const nameNode = await listen(({ method, url }, response) => {
    if (method !== 'PUT') return void response.writeHead(404).end(remote('FileNotFoundException', 'no'));
    response
      .writeHead(307, { location: `${dataNode.url}${url.split('?')[0] ?? ''}?op=CREATE&t=granted` })
      .end();
  });
  const store = await storeOn(nameNode.url);
  const failure = await failureOf(
    store.write(parseArtifactPath('file'), bytesSource(Buffer.from('bytes')), {}, io),
  );
  expect(failure.kind).toBe('misconfigured');
  expect(third.requests).toEqual([]);
  expect(nameNode.requests.filter(({ body }) => body.length > 0)).toEqual([]);
  expect(dataNode.requests[0]?.body.toString()).toBe('bytes');
  expect(JSON.stringify(dataNode.requests[0])).not.toContain(TOKEN);
  expect(JSON.stringify(failure.facts) + failure.message).not.toContain(TOKEN);
});

test('a standby is passed over, and the active name node is asked first from then on', async () => {
  const standby = await listen((_request, response) => {
    response.writeHead(403).end(remote('StandbyException', 'Operation category READ is not supported'));
  });
  const status = { FileStatus: { pathSuffix: '', type: 'FILE', length: 3, modificationTime: 1, fileId: 9 } };
  const active = await listen((_request, response) => response.end(JSON.stringify(status)));
  const store = await storeAt([
    'dfs.nameservices=ns',
    'dfs.ha.namenodes.ns=a,gone,b',
    `dfs.namenode.http-address.ns.a=${new URL(standby.url).host}`,
    'dfs.namenode.http-address.ns.gone=127.0.0.1:1',
    `dfs.namenode.http-address.ns.b=${new URL(active.url).host}`,
  ]);
  for (let i = 0; i < 3; i += 1) {
    expect((await store.stat(parseArtifactPath('file'), io))?.size).toBe(3);
  }
  expect(standby.requests).toHaveLength(1);
  expect(active.requests).toHaveLength(3);
});

test('where nothing listens, it is told where it was looked for', async () => {
  const store = await storeOn('http://127.0.0.1:1');
  const failure = await failureOf(store.stat(parseArtifactPath('file'), io));
  expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'later', effect: 'none' });
  expect(failure.facts.hint).toContain('http://127.0.0.1:1');
  expect(failure.facts.hint).toContain('MLSTOW_HDFS_DRIVER=cli');
});

test('two standbys are unavailable, worth a retry', async () => {
  const standby = await listen((_request, response) => {
    response.writeHead(403).end(remote('StandbyException', 'not active'));
  });
  const store = await storeOn(standby.url);
  const { facts } = await failureOf(store.stat(parseArtifactPath('file'), io));
  expect(facts).toMatchObject({ kind: 'unavailable', retry: 'later', vendor: { code: 'StandbyException' } });
});

test.each([
  ['NSQuotaExceededException', 'no-space'],
  ['SafeModeException', 'unavailable'],
  ['InvalidToken', 'unauthenticated'],
  ['IllegalArgumentException', 'invalid'],
  ['SomethingNew', 'unavailable'],
] as const)('%s is %s', async (exception, kind) => {
  const nameNode = await listen((_request, response) => {
    response.writeHead(403).end(remote(exception, 'the reason\n\tat java.lang.Thread'));
  });
  const store = await storeOn(nameNode.url);
  const failure = await failureOf(store.stat(parseArtifactPath('file'), io));
  expect(failure.kind).toBe(kind);
  expect(failure.message).toMatch(/the reason$/);
});

test('what is no WebHDFS is told with the setting that names it', async () => {
  for (const status of [200, 404]) {
    const page = await listen((_request, response) => response.writeHead(status).end('<html>hello</html>'));
    const store = await storeOn(page.url);
    const failure = await failureOf(store.stat(parseArtifactPath('file'), io));
    expect(failure.kind).toBe('misconfigured');
    expect(failure.message).toContain('does not speak WebHDFS');
    expect(failure.facts.hint).toContain('MLSTOW_HDFS_WEBHDFS_URL');
  }
});
