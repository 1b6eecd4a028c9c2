import { describe, expect, it } from 'vitest';
import { createNet } from '../../../src/net/create-net.ts';
import { connectionFailure } from '../../../src/net/connection-failure.ts';
import { failureOf, get, io, plainOptions, startTcp } from './loopback.ts';

const facts = {
  subject: 'GET http://host/',
  host: 'host',
  reached: false,
  connectMs: 1000,
  names: { caFile: 'CA', verifyTls: 'VERIFY', timeout: 'TIMEOUT' },
};

describe('a host that cannot be reached', () => {
  it.each([
    ['ENOTFOUND', 'its name is unknown', 'DNS'],
    ['EAI_AGAIN', 'its name could not be looked up', 'DNS'],
    ['ECONNREFUSED', 'nothing listens there', 'the server runs'],
    ['EHOSTUNREACH', 'there is no route to it', 'HTTPS_PROXY'],
    ['ENETUNREACH', 'there is no route to it', 'VPN'],
    ['ECONNRESET', 'the connection was reset', 'firewall'],
    ['EPIPE', 'the connection was closed', 'firewall'],
    ['ETIMEDOUT', 'the connection timed out', 'network'],
    ['ESOMETHING', 'odd', 'network'],
  ])('%s says what to look at next', (code, reason, hint) => {
    const failure = connectionFailure(Object.assign(new Error('odd'), { code }), facts);
    expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'later', effect: 'none' });
    expect(failure.message).toBe(`host cannot be reached: ${reason}`);
    expect(failure.facts.hint).toContain(hint);
  });

  it('is told so for a real socket', async () => {
    const place = await startTcp(() => undefined);
    await place.stop();
    const net = createNet(plainOptions);
    const failure = await failureOf(net.send(get(place.url), io));
    net.close();
    expect(failure.facts.hint).toContain('check that the server runs, and the port');
  });

  it('means the same when an SDK met it', () => {
    const net = createNet({ ...plainOptions, names: { caFile: 'AWS_CA_BUNDLE' } });
    const about = { subject: 'AWS credentials', host: 'sts' };
    const untrusted = Object.assign(new Error('x'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' });
    const { facts: told } = net.failure(untrusted, about);
    net.close();
    expect(told).toMatchObject({ kind: 'misconfigured', subject: 'AWS credentials', effect: 'none' });
    expect(told.hint).toContain('AWS_CA_BUNDLE');
  });
});
