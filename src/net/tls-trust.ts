import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { Failure } from '../core/failure.ts';
import { codeOf } from './connection-failure.ts';
import { netNames } from './net-names.ts';
import type { NetOptions } from './net.ts';

/** What every TLS connection of one Net is made with. */
export interface TlsTrust {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
};

function reasonOf(cause: unknown): string {
  const told = REASONS[codeOf(cause)];
  return told ?? `cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`;
}

function unreadable(what: string, file: string, setting: string | undefined, cause: unknown): Failure {
  const named = setting === undefined ? '' : ` that ${setting} names`;
  return new Failure(
    {
      kind: 'misconfigured',
      message: `the ${what} ${file}${named} ${reasonOf(cause)}`,
      subject: file,
      hint: setting === undefined ? 'name a readable PEM file' : `set ${setting} to a readable PEM file`,
    },
    cause,
  );
}

function certificatesIn(path: string): string {
  if (!statSync(path).isDirectory()) return readFileSync(path, 'utf8');
  return readdirSync(path)
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, 'utf8'))
    .filter((text) => text.includes('-----BEGIN CERTIFICATE-----'))
    .join('\n');
}

function readAuthorities(path: string, setting: string): string {
  try {
    const ca = certificatesIn(path);
    if (!ca.includes('-----BEGIN')) throw new Error('it holds no PEM certificate');
    createSecureContext({ ca });
    return ca;
  } catch (thrown) {
    throw unreadable('certificate authority file', path, setting, thrown);
  }
}

function readClientCertificate(path: string, setting: string | undefined): { cert: string; key: string } {
  try {
    const pem = readFileSync(path, 'utf8');
    if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) throw new Error('it holds no private key');
    createSecureContext({ cert: pem, key: pem });
    return { cert: pem, key: pem };
  } catch (thrown) {
    throw unreadable('client certificate file', path, setting, thrown);
  }
}

/**
 * Reads the files once. A `caFile` (or a directory of PEM files) replaces the built-in roots, as `verify=path` of
 * Python's requests does (https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification).
 * @throws Failure misconfigured, naming the file
 */
export function readTrust(options: NetOptions): TlsTrust {
  const names = netNames(options);
  return {
    rejectUnauthorized: options.verifyTls,
    ...(options.caFile === undefined || !options.verifyTls
      ? {}
      : { ca: readAuthorities(options.caFile, names.caFile) }),
    ...(options.clientCertFile === undefined
      ? {}
      : readClientCertificate(options.clientCertFile, names.clientCertFile)),
  };
}
