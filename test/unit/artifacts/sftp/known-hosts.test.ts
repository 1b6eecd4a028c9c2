import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  judgeKey,
  keyTypeOf,
  knownKeys,
  knownName,
} from '../../../../src/artifacts/stores/sftp/known-hosts.ts';

const blob = (seed: string) => {
  const type = Buffer.from('ssh-ed25519');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.byteLength);
  return Buffer.concat([length, type, Buffer.from(seed)]);
};
const line = (hosts: string, seed = 'one') =>
  `${hosts} ssh-ed25519 ${blob(seed).toString('base64')} a comment\n`;
const found = (text: string, name: string) => knownKeys(text, name, 'file').length;

test('plain, listed, ported and wildcard names', () => {
  expect(found(line('host'), 'host')).toBe(1);
  expect(found(line('other,HOST'), 'host')).toBe(1);
  expect(found(line('[host]:2222'), 'host')).toBe(0);
  expect(found(line('[host]:2222'), knownName({ name: 'host', port: 2222 }))).toBe(1);
  expect(found(line('*.example.org,!bad.example.org'), 'good.example.org')).toBe(1);
  expect(found(line('*.example.org,!bad.example.org'), 'bad.example.org')).toBe(0);
  expect(found(`# ${line('host')}`, 'host')).toBe(0);
});

test('hashed names', () => {
  const salt = Buffer.from('twenty bytes of salt');
  const hash = createHmac('sha1', salt).update('[host]:2222').digest('base64');
  const text = line(`|1|${salt.toString('base64')}|${hash}`);
  expect(found(text, '[host]:2222')).toBe(1);
  expect(found(text, 'host')).toBe(0);
});

test('a key is known, unknown, another one, or revoked; an authority is no key', () => {
  const judge = (text: string, seed: string) =>
    judgeKey({ keys: knownKeys(text, 'host', 'file'), types: [] }, blob(seed));
  expect(judge(line('host'), 'one')).toBe('known');
  expect(judge(line('host'), 'two')).toBe('mismatch');
  expect(judge(line('elsewhere'), 'one')).toBe('unknown');
  expect(judge(line('host') + line('@revoked *'), 'one')).toBe('revoked');
  expect(judge(line('@cert-authority host'), 'one')).toBe('unknown');
  expect(keyTypeOf(blob('one'))).toBe('ssh-ed25519');
});
