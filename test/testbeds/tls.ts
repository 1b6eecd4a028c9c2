import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from './run-command.ts';

/** PEM files: an authority of our own and a server certificate for localhost, *.localhost and 127.0.0.1. */
export interface TlsFiles {
  readonly caFile: string;
  readonly keyFile: string;
  readonly certFile: string;
  /** Key and certificate in one. */
  readonly pemFile: string;
}

const EXTENSIONS = 'subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n';

/** Makes an authority and a server certificate in `dir`. Needs `openssl` on the PATH. */
export async function makeTls(dir: string): Promise<TlsFiles> {
  const openssl = (args: string) => mustRun('openssl', args.split(' '), { cwd: dir });
  await openssl(
    'req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 30 -subj /CN=mlstow-test-authority' +
      ' -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign',
  );
  await openssl('req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost');
  await writeFile(join(dir, 'extensions'), EXTENSIONS);
  await openssl(
    'x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile extensions -out server.crt',
  );
  const pemFile = join(dir, 'server.pem');
  const pair = await Promise.all(
    ['server.key', 'server.crt'].map((name) => readFile(join(dir, name), 'utf8')),
  );
  await writeFile(pemFile, pair.join(''));
  return {
    caFile: join(dir, 'ca.crt'),
    keyFile: join(dir, 'server.key'),
    certFile: join(dir, 'server.crt'),
    pemFile,
  };
}
