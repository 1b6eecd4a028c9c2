import { expect, test } from 'vitest';
import { placeOfLocation } from '../../../../src/artifacts/stores/hdfs/place.ts';
import { webHdfsOf } from '../../../../src/artifacts/stores/hdfs/name-nodes.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { parseLocation } from '../../../../src/core/location.ts';

type Pairs = Readonly<Record<string, string>>;

function placeOf(uri: string, properties: Pairs = {}): string {
  const place = placeOfLocation(parseLocation(uri), new Map(Object.entries(properties)));
  return 'view' in place ? `command ${place.view}` : `${place.authority} ${place.path}`;
}

function addressesOf(authority: string, properties: Pairs = {}, setting?: string): string[] {
  const { urls, from } = webHdfsOf(authority, new Map(Object.entries(properties)), setting);
  return [from, ...urls.map(({ href }) => href)];
}

function refusal(act: () => unknown): Failure {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('expected a Failure');
}

test.each([
  ['hdfs://nn:8020/a/b', 'nn:8020 /a/b'],
  ['hdfs://nn/a', 'nn /a'],
  ['hdfs://MyCluster/a%20b', 'MyCluster /a%20b'],
  ['hdfs://nn:8020/', 'nn:8020 '],
  ['hdfs://nn:8020/a//b', 'nn:8020 /a/b'],
])('%s is %s', (uri, expected) => {
  expect(placeOf(uri)).toBe(expected);
});

test('without a host it is the default file system', () => {
  expect(placeOf('hdfs:///a', { 'fs.defaultFS': 'hdfs://nn:8020' })).toBe('nn:8020 /a');
  expect(placeOf('hdfs:/a', { 'fs.defaultFS': 'hdfs://ns1/' })).toBe('ns1 /a');
  const none = refusal(() => placeOf('hdfs:///a'));
  expect(none.kind).toBe('misconfigured');
  expect(none.facts.hint).toContain('HADOOP_CONF_DIR');
  expect(refusal(() => placeOf('hdfs:///a', { 'fs.defaultFS': 'file:///' })).message).toContain(
    'fs.defaultFS',
  );
});

const MOUNTS: Pairs = {
  'fs.defaultFS': 'viewfs://c',
  'fs.viewfs.mounttable.c.link./data': 'hdfs://nn1:8020/d',
  'fs.viewfs.mounttable.c.link./data/deep': 'hdfs://nn2/',
  'fs.viewfs.mounttable.c.link./logs': 's3a://bucket/logs',
  'fs.viewfs.mounttable.m.linkMergeSlash': 'hdfs://nn3/',
};

test.each([
  ['viewfs://c/data/x', 'nn1:8020 /d/x'],
  ['viewfs://c/data/deeper/', 'nn1:8020 /d/deeper'],
  ['viewfs://c/data/deep/x', 'nn2 /x'],
  ['viewfs://c/data/deeper', 'nn1:8020 /d/deeper'],
  ['viewfs:///data/x', 'nn1:8020 /d/x'],
  ['hdfs:///data/x', 'nn1:8020 /d/x'],
  ['viewfs://m/any', 'nn3 /any'],
])('%s is mounted from %s', (uri, expected) => {
  expect(placeOf(uri, MOUNTS)).toBe(expected);
});

test.each([
  ['viewfs://c/dat', 'command viewfs://c/dat'],
  ['viewfs://other/data', 'command viewfs://other/data'],
  ['viewfs://c/logs/x', 'command viewfs://c/logs/x'],
  ['hdfs:///logs//x', 'command viewfs://c/logs/x'],
  ['viewfs://c/', 'command viewfs://c'],
  ['viewfs://c/data', 'command viewfs://c/data'],
  ['viewfs://r/data', 'command viewfs://r/data'],
])('%s is for the hdfs command', (uri, expected) => {
  expect(
    placeOf(uri, {
      ...MOUNTS,
      'fs.viewfs.mounttable.c.link./data/raw/more': 'hdfs://nn4/',
      'fs.viewfs.mounttable.r.link./data': 'hdfs://nn1/',
      'fs.viewfs.mounttable.r.linkRegex.#.^/data/(\\w+)$': 'hdfs://nn5/$1',
    }),
  ).toBe(expected);
});

test('addresses come from the setting, the configuration, or the default port', () => {
  expect(addressesOf('nn:8020')).toEqual(['default', 'http://nn:9870/webhdfs/v1']);
  expect(addressesOf('nn', { 'dfs.http.policy': 'HTTPS_ONLY' })).toEqual([
    'default',
    'https://nn:9871/webhdfs/v1',
  ]);
  expect(addressesOf('nn', {}, 'https://gate:14000')).toEqual(['setting', 'https://gate:14000/webhdfs/v1']);
  expect(addressesOf('nn', {}, 'https://gate/gateway/x/webhdfs/v1/')).toEqual([
    'setting',
    'https://gate/gateway/x/webhdfs/v1',
  ]);
  const one = { 'fs.defaultFS': 'hdfs://nn:8020', 'dfs.namenode.http-address': '0.0.0.0:50070' };
  expect(addressesOf('nn:8020', one)).toEqual(['configuration', 'http://nn:50070/webhdfs/v1']);
  expect(addressesOf('NN', one)).toEqual(['configuration', 'http://NN:50070/webhdfs/v1'.toLowerCase()]);
  expect(addressesOf('another:8020', one)).toEqual(['default', 'http://another:9870/webhdfs/v1']);
});

const PAIR: Pairs = {
  'dfs.nameservices': 'ns1, ns2',
  'dfs.ha.namenodes.ns1': 'a,b',
  'dfs.namenode.rpc-address.ns1.a': 'm1:8020',
  'dfs.namenode.rpc-address.ns1.b': 'm2:8020',
  'dfs.namenode.http-address.ns1.a': 'm1:9870',
  'dfs.namenode.http-address.ns1.b': '0.0.0.0:9871',
  'dfs.namenode.https-address.ns1.a': 'm1:9872',
  'dfs.namenode.http-address.ns2': 'm3:9870',
};

test('a name service has the addresses of all its name nodes', () => {
  expect(addressesOf('ns1', PAIR)).toEqual([
    'configuration',
    'http://m1:9870/webhdfs/v1',
    'http://m2:9871/webhdfs/v1',
  ]);
  expect(addressesOf('ns2', PAIR)).toEqual(['configuration', 'http://m3:9870/webhdfs/v1']);
  expect(addressesOf('m2:8020', PAIR)).toEqual(['configuration', 'http://m2:9871/webhdfs/v1']);
  expect(addressesOf('ns1', { ...PAIR, 'dfs.http.policy': 'HTTPS_ONLY' })).toEqual([
    'configuration',
    'https://m1:9872/webhdfs/v1',
  ]);
});
