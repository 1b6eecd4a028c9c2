import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/core/failure.ts';
import {
  abfssParts,
  b2Parts,
  hostPort,
  modelsParts,
  parseLocation,
  r2Parts,
  runsParts,
  s3Bucket,
  wasbsParts,
} from '../../../src/core/location.ts';

describe('authorities', () => {
  it('names the bucket', () => {
    expect(s3Bucket(parseLocation('s3://My-Bucket/x'))).toBe('My-Bucket');
  });

  it.each(['windows.net', 'chinacloudapi.cn', 'usgovcloudapi.net'])(
    'reads wasbs in the cloud %s',
    (cloud) => {
      expect(wasbsParts(parseLocation(`wasbs://c@acc.blob.core.${cloud}/p`))).toEqual({
        container: 'c',
        account: 'acc',
        host: `acc.blob.core.${cloud}`,
      });
    },
  );

  it.each([
    'dfs.core.windows.net',
    'dfs.core.chinacloudapi.cn',
    'dfs.core.usgovcloudapi.net',
    'z1.dfs.storage.azure.net',
  ])('reads abfss at %s', (suffix) => {
    expect(abfssParts(parseLocation(`abfss://fs@acc.${suffix}/p`))).toEqual({
      container: 'fs',
      account: 'acc',
      host: `acc.${suffix}`,
    });
  });

  it('reads r2 and b2', () => {
    expect(r2Parts(parseLocation('r2://b@acc.r2.cloudflarestorage.com/p'))).toEqual({
      bucket: 'b',
      endpoint: 'https://acc.r2.cloudflarestorage.com',
    });
    expect(r2Parts(parseLocation('r2://b@acc.eu.r2.cloudflarestorage.com/p')).endpoint).toBe(
      'https://acc.eu.r2.cloudflarestorage.com',
    );
    expect(b2Parts(parseLocation('b2://b@s3.us-west-000.backblazeb2.com'))).toEqual({
      bucket: 'b',
      endpoint: 'https://s3.us-west-000.backblazeb2.com',
      region: 'us-west-000',
    });
  });

  it('refuses the parts of another scheme', () => {
    expect(() => wasbsParts(parseLocation('s3://b/x'))).toThrow(Failure);
    expect(() => r2Parts(parseLocation('s3://b/x'))).toThrow(Failure);
  });

  it.each([
    ['ftp://h/x', { host: 'h' }],
    ['ftp://u@H:21/x', { user: 'u', host: 'h', port: 21 }],
    ['sftp://u:p%40s%2Fs@h:22/x', { user: 'u', password: 'p@s/s', host: 'h', port: 22 }],
    ['sftp://u:p@ss:w@h/x', { user: 'u', password: 'p@ss:w', host: 'h' }],
    ['sftp://u:50%@h/x', { user: 'u', password: '50%', host: 'h' }],
    ['sftp://dom%5Cuser@h/x', { user: 'dom\\user', host: 'h' }],
    ['https://[2001:DB8::1]:8443/x', { host: '2001:db8::1', port: 8443 }],
    ['hdfs:///x', { host: '' }],
    ['mlflow-artifacts://h:5000/x', { host: 'h', port: 5000 }],
  ])('reads host and port of %s', (uri, parts) => {
    expect(hostPort(parseLocation(uri))).toEqual(parts);
  });
});

describe('references', () => {
  it.each([
    ['runs:/abc', { runId: 'abc', path: '' }],
    ['runs:/abc/', { runId: 'abc', path: '' }],
    ['runs:/abc/model/MLmodel', { runId: 'abc', path: 'model/MLmodel' }],
    ['runs:/abc/a%20b', { runId: 'abc', path: 'a%20b' }],
  ])('reads %s', (uri, parts) => {
    expect(runsParts(parseLocation(uri))).toEqual(parts);
  });

  it.each([
    ['models:/m-1f', { kind: 'id', modelId: 'm-1f', path: '' }],
    ['models:/Ads Model/12', { kind: 'version', name: 'Ads Model', version: '12', path: '' }],
    ['models:/m/LATEST', { kind: 'latest', name: 'm', path: '' }],
    ['models:/m/Production', { kind: 'stage', name: 'm', stage: 'Production', path: '' }],
    ['models:/m@champion', { kind: 'alias', name: 'm', alias: 'champion', path: '' }],
    ['models:/a@b@c', { kind: 'alias', name: 'a@b', alias: 'c', path: '' }],
    ['models:/m@champion/x/y', { kind: 'alias', name: 'm', alias: 'champion', path: 'x/y' }],
    ['models:/m/1/x/y', { kind: 'version', name: 'm', version: '1', path: 'x/y' }],
  ])('reads %s', (uri, parts) => {
    expect(modelsParts(parseLocation(uri))).toEqual(parts);
  });

  it.each(['runs:/abc//x', 'runs:/abc/C:/x', 'models:/m/1//x', 'models:/m//x'])('refuses %s', (uri) => {
    expect(() => parseLocation(uri)).toThrow(Failure);
  });
});
