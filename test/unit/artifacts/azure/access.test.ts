import { describe, expect, test } from 'vitest';
import { parseConnectionString } from '../../../../src/artifacts/stores/azure/connection-string.ts';
import { siteOf } from '../../../../src/artifacts/stores/azure/site.ts';
import { parseLocation } from '../../../../src/core/location.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { connectTo, uriOf } from '../../../testbeds/azurite-store.ts';

const KEY = Buffer.from('secret key').toString('base64');

function thrownBy(act: () => unknown): Failure {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('expected a Failure');
}

describe('connection strings', () => {
  test.each([
    [
      `DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=${KEY};EndpointSuffix=core.chinacloudapi.cn`,
      { account: 'acc', endpoint: 'https://acc.blob.core.chinacloudapi.cn/', key: KEY },
    ],
    [
      `accountname=acc; accountkey=${KEY};`,
      { account: 'acc', endpoint: 'https://acc.blob.core.windows.net/', key: KEY },
    ],
    [
      `AccountName=dev;AccountKey=${KEY};BlobEndpoint=http://127.0.0.1:10000/dev;QueueEndpoint=http://127.0.0.1:10001/dev`,
      { account: 'dev', endpoint: 'http://127.0.0.1:10000/dev', key: KEY },
    ],
    [
      'BlobEndpoint=https://acc.blob.core.windows.net/;SharedAccessSignature=?sv=2024&sig=a%3D',
      { account: 'acc', endpoint: 'https://acc.blob.core.windows.net/', sas: 'sv=2024&sig=a%3D' },
    ],
    [
      'BlobEndpoint=http://127.0.0.1:10000/dev;SharedAccessSignature=sig=a',
      { account: 'dev', endpoint: 'http://127.0.0.1:10000/dev', sas: 'sig=a' },
    ],
  ])('%s', (text, facts) => {
    const { endpoint, ...rest } = parseConnectionString(text);
    expect({ ...rest, endpoint: endpoint.href }).toEqual(facts);
  });

  test.each([
    ['', 'names no AccountName'],
    ['AccountName=acc', 'neither an AccountKey nor a SharedAccessSignature'],
    [`AccountKey=${KEY}`, 'names no AccountName'],
    ['some text', 'a field without a value'],
    [`AccountName=acc;AccountKey=${KEY};BlobEndpoint=nonsense`, 'names no endpoint'],
  ])('%j is refused without being shown', (text, reason) => {
    const { facts } = thrownBy(() => parseConnectionString(text));
    expect(facts).toMatchObject({ kind: 'misconfigured', settings: ['azure.connectionString'] });
    expect(facts.message).toContain(reason);
    expect(JSON.stringify(facts)).not.toContain(KEY);
  });
});

describe('sites', () => {
  test.each([
    ['wasbs://box@acc.blob.core.windows.net/a/b%20c/', 'https://acc.blob.core.windows.net', 'a/b%20c'],
    ['wasbs://box@acc.blob.core.chinacloudapi.cn', 'https://acc.blob.core.chinacloudapi.cn', ''],
    ['wasbs://box@acc.blob.core.usgovcloudapi.net/x', 'https://acc.blob.core.usgovcloudapi.net', 'x'],
    ['abfss://box@acc.dfs.core.windows.net/a/b%20c', 'https://acc.blob.core.windows.net', 'a/b c'],
    ['abfss://box@acc.dfs.core.usgovcloudapi.net//a', 'https://acc.blob.core.usgovcloudapi.net', 'a'],
    ['abfss://box@onelake.dfs.fabric.microsoft.com/x', 'https://onelake.blob.fabric.microsoft.com', 'x'],
  ])('%s', (uri, origin, prefix) => {
    const site = siteOf(parseLocation(uri), undefined);
    expect([site.endpoint.origin, site.prefix, site.container]).toEqual([origin, prefix, 'box']);
  });

  test('a Data Lake host whose Blob host is unknown is refused, unless the endpoint is told', () => {
    const location = parseLocation('abfss://box@acc.example.com/x');
    expect(thrownBy(() => siteOf(location, undefined)).facts).toMatchObject({
      kind: 'misconfigured',
      settings: ['azure.blobEndpoint'],
    });
    expect(siteOf(location, new URL('http://127.0.0.1:1/acc')).endpoint.port).toBe('1');
  });
});

describe('which credential answers', () => {
  const connectionString = `AccountName=other;AccountKey=${KEY};BlobEndpoint=http://127.0.0.1:1/other`;
  const accessKey = KEY;
  const sasToken = '?sv=1&sig=hidden';
  const at = async (scheme: 'wasbs' | 'abfss', options: Parameters<typeof connectTo>[0]) =>
    (await connectTo(options)).at(parseLocation(uriOf('box', 'root', scheme))).backend;

  test('wasbs: connection string, access key, identity', async () => {
    const all = { connectionString, accessKey, sasToken };
    expect(await at('wasbs', all)).toBe(
      'azure http://127.0.0.1:1/other other AZURE_STORAGE_CONNECTION_STRING',
    );
    expect(await at('wasbs', { accessKey, sasToken })).toContain('AZURE_STORAGE_ACCESS_KEY');
    expect(await at('wasbs', { sasToken })).toContain('DefaultAzureCredential');
  });

  test('abfss: SAS token, access key, identity', async () => {
    const all = { connectionString, accessKey, sasToken };
    expect(await at('abfss', all)).toContain('https://devstoreaccount1.blob.core.windows.net/');
    expect(await at('abfss', all)).toContain('AZURE_STORAGE_SAS_TOKEN');
    expect(await at('abfss', { connectionString, accessKey })).toContain('AZURE_STORAGE_ACCESS_KEY');
    expect(await at('abfss', { connectionString })).toContain('DefaultAzureCredential');
  });

  test('the account of a connection string wins over the one in the URI, with a warning', async () => {
    const warned: string[] = [];
    const backend = await connectTo({ connectionString, warn: (message) => void warned.push(message) });
    backend.at(parseLocation(uriOf('box')));
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain('is for account other, which is used; account devstoreaccount1');
    expect(warned[0]).not.toContain(KEY);
  });

  test('a token is never sent without TLS', async () => {
    const backend = await connectTo({ blobEndpoint: 'http://127.0.0.1:1/acc' });
    expect(thrownBy(() => backend.at(parseLocation(uriOf('box')))).facts).toMatchObject({
      kind: 'misconfigured',
      subject: 'azure.blobEndpoint',
    });
  });
});
