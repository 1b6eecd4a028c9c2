import { afterAll, expect, test } from 'vitest';
import type { Io } from '../../../../src/core/io.ts';
import { failureOf } from '../../../conformance/artifact-store/expect-failure.ts';
import { connectTo, sftpLocation } from '../../../testbeds/sftp-store.ts';
import { startSshServer } from '../../../testbeds/ssh-server/ssh-server.ts';

const io: Io = { signal: new AbortController().signal };
const server = await startSshServer({ extensions: true });
afterAll(async () => server.stop());

const NO_KEY = '/dev/null';

async function lookWith(options: Parameters<typeof connectTo>[1]) {
  const backend = connectTo(server, options);
  try {
    return await backend.at(sftpLocation(server, '/')).facts(io);
  } finally {
    await backend.close();
  }
}

test('a key lets us in, and so does a password', async () => {
  expect(await lookWith({})).toEqual({ anchor: 'present' });
  const { password } = server;
  expect(await lookWith({ identityFile: NO_KEY, password })).toEqual({ anchor: 'present' });
});

test('a wrong password is told with what was tried, and not shown', async () => {
  const { facts } = await failureOf(lookWith({ identityFile: NO_KEY, password: 'hunter2' }));
  expect(facts.kind).toBe('unauthenticated');
  expect(facts.message).toContain('password');
  expect(JSON.stringify(facts)).not.toContain('hunter2');
});

test('a host key other than the one that is set is denied', async () => {
  const hostKeyFingerprint = `SHA256:${'A'.repeat(43)}`;
  const { facts } = await failureOf(lookWith({ hostKeyFingerprint }));
  expect(facts).toMatchObject({ kind: 'denied', settings: ['sftp.hostKeyFingerprint'] });
  expect(facts.message).toContain(server.fingerprint);
});
