import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import {
  ContainerClient,
  StorageSharedKeyCredential,
  type StoragePipelineOptions,
} from '@azure/storage-blob';
import type { AddressInfo } from 'node:net';
import { bareEnvironment, bedFolder, freePort, startProcess, type Bed } from './bed.ts';
import { cached } from './bed-cache.ts';
import { mlflowPython } from './mlflow.ts';
import { mustRun } from './run-command.ts';
import { makeTls } from './tls.ts';

/** Microsoft's Python client with what MLflow's environment lacks of it. */
const PYTHON_CLIENT = ['azure-storage-blob==12.31.1', 'azure-core==1.41.0', 'isodate==0.7.2'];

const require = createRequire(import.meta.url);

/** The emulator's own account. */
export const ACCOUNT = 'devstoreaccount1';
const KEY = Buffer.from('a key of our own for the emulator').toString('base64');

export interface AzuriteBed extends Bed {
  /** Blob endpoint of the account: `http(s)://127.0.0.1:<port>/<account>`. */
  readonly endpoint: string;
  readonly account: string;
  readonly key: string;
  readonly connectionString: string;
  /** The authority that signed the server's certificate; absent over plain http. */
  readonly caFile?: string;
  /** The vendor's own client, as the oracle of tests. */
  container(name: string): ContainerClient;
  createContainer(name: string): Promise<void>;
}

/** Azurite answers every path, the root with 400. */
async function answersAnything(url: string, caFile: string | undefined): Promise<boolean> {
  if (caFile === undefined) return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).status > 0;
  return new Promise((resolve, reject) => {
    const ask = request(url, { ca: readFileSync(caFile), timeout: 2_000 }, (response) => {
      response.resume();
      resolve(true);
    });
    ask.on('error', reject);
    ask.end();
  });
}

/** Azurite's Blob service, in memory; with `tls` over https, where it takes tokens as well. */
export async function startAzurite(options: { readonly tls?: boolean } = {}): Promise<AzuriteBed> {
  const main = require.resolve('azurite/dist/src/blob/main.js');
  const dir = await bedFolder('azurite');
  const port = await freePort();
  const tls = options.tls ? await makeTls(dir) : undefined;
  const origin = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  const started = await startProcess({
    name: 'azurite',
    file: process.execPath,
    args: [
      ...[main, '--blobHost', '127.0.0.1', '--blobPort', String(port)],
      ...['--inMemoryPersistence', '--silent', '--skipApiVersionCheck', '--disableTelemetry'],
      ...(tls ? ['--oauth', 'basic', '--cert', tls.certFile, '--key', tls.keyFile] : []),
    ],
    env: { ...bareEnvironment(dir), AZURITE_ACCOUNTS: `${ACCOUNT}:${KEY}` },
    dir,
    ready: () => answersAnything(origin, tls?.caFile),
    readyMs: 60_000,
  });
  const endpoint = `${origin}/${ACCOUNT}`;
  const ca = tls ? readFileSync(tls.caFile, 'utf8') : undefined;
  const trust = ca === undefined ? {} : ({ tlsOptions: { ca } } as StoragePipelineOptions);
  const container = (name: string) =>
    new ContainerClient(`${endpoint}/${name}`, new StorageSharedKeyCredential(ACCOUNT, KEY), trust);
  return {
    endpoint,
    account: ACCOUNT,
    key: KEY,
    connectionString: `DefaultEndpointsProtocol=${origin.split(':')[0] ?? ''};AccountName=${ACCOUNT};AccountKey=${KEY};BlobEndpoint=${endpoint};`,
    ...(tls ? { caFile: tls.caFile } : {}),
    container,
    createContainer: async (name) => {
      await container(name).create();
    },
    stop: () => started.stop(),
  };
}

/** A folder for PYTHONPATH with which the stock MLflow opens `wasbs:` locations. */
export async function azurePythonPath(): Promise<string> {
  return cached('azure-python', '12.31.1', async (dir) => {
    const install = ['-m', 'pip', 'install', '--quiet', '--no-input', '--no-deps', '--target', dir];
    await mustRun(await mlflowPython(), [...install, ...PYTHON_CLIENT]);
  });
}

function encoded(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** A token as Entra ID would give one, with a signature that nobody checks: Azurite looks at its claims only. */
function token(expires: number): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    aud: 'https://storage.azure.com',
    iss: 'https://sts.windows.net/00000000-0000-0000-0000-000000000000/',
    iat: now - 5,
    nbf: now - 5,
    exp: expires,
    oid: '00000000-0000-0000-0000-000000000001',
    tid: '00000000-0000-0000-0000-000000000000',
  };
  return `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(claims)}.c2ln`;
}

/** A managed identity of an App Service. */
export interface ManagedIdentity extends Bed {
  /** What tells a process of it. */
  readonly env: Readonly<Record<'IDENTITY_ENDPOINT' | 'IDENTITY_HEADER', string>>;
  /** How many tokens were given. */
  given(): number;
}

/** A stand-in for the endpoint at which an App Service gives tokens to its managed identity. */
export async function startManagedIdentity(): Promise<ManagedIdentity> {
  let given = 0;
  const server: Server = createServer((_, response) => {
    given += 1;
    const expires = Math.floor(Date.now() / 1000) + 3600;
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        access_token: token(expires),
        expires_on: String(expires),
        resource: 'https://storage.azure.com',
        token_type: 'Bearer',
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`, IDENTITY_HEADER: 'test' },
    given: () => given,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
