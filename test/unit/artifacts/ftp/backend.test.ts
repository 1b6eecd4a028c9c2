import { expect, test } from 'vitest';
import { connectFtp, type FtpOptions } from '../../../../src/artifacts/stores/ftp/backend.ts';
import { refusalOf } from '../../../../src/artifacts/stores/ftp/names.ts';
import { temporaryName } from '../../../../src/artifacts/temporaries.ts';
import { parseArtifactPath } from '../../../../src/core/artifact-path.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { parseLocation } from '../../../../src/core/location.ts';

const OPTIONS: FtpOptions = {
  tls: 'off',
  trust: { rejectUnauthorized: true },
  connections: 3,
  connectMs: 1_000,
  clock: systemClock,
};

test.each([
  ['ftp://u:p%40ss@Host:2121/a/b', 'off', 'ftp://u@host:2121'],
  ['ftp://host/a', 'off', 'ftp://anonymous@host:21'],
  ['ftp://host/a', 'explicit', 'ftp://anonymous@host:21'],
  ['ftp://host/a', 'implicit', 'ftp://anonymous@host:990'],
  ['ftp:///a', 'off', 'ftp://anonymous@localhost:21'],
  ['ftp://me%40home@[::1]/', 'off', 'ftp://me%40home@[::1]:21'],
] as const)('%s with TLS %s is one backend: %s', (uri, tls, backend) => {
  const store = connectFtp({ ...OPTIONS, tls }).at(parseLocation(uri));
  expect(store.backend).toBe(backend);
  expect(store.traits.connections).toBe(3);
  expect(store.label + store.backend).not.toContain('p%40ss');
});

test.each(['a/ b', 'a /b', 'b\u3000', 'x\uFFFD', temporaryName(), 'n'.repeat(256)])(
  'a name that servers do not keep is refused (%j)',
  (name) => {
    expect(refusalOf(parseArtifactPath(name))).toBeTruthy();
  },
);

test('other names are taken', () => {
  expect(refusalOf(parseArtifactPath('a b/"quoted"/größe;100%.txt'))).toBeUndefined();
});
