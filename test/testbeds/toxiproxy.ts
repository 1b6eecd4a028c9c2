import { join } from 'node:path';
import { answers, bareEnvironment, bedFolder, freePort, startProcess, type Bed } from './bed.ts';
import { cached } from './bed-cache.ts';
import { goInstall } from './go-install.ts';

const VERSION = '2.5.0';

/** A fault to inject, as toxiproxy names it: https://github.com/Shopify/toxiproxy#toxics */
export interface Toxic {
  readonly type: 'latency' | 'bandwidth' | 'slow_close' | 'timeout' | 'reset_peer' | 'slicer' | 'limit_data';
  readonly stream?: 'upstream' | 'downstream';
  /** The share of connections that it touches; 1 unless told. */
  readonly toxicity?: number;
  readonly attributes: Readonly<Record<string, number>>;
}

/** One TCP proxy in front of an upstream. */
export interface Proxy {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  add(toxic: Toxic): Promise<void>;
  /** Removes all toxics and lets connections through again. */
  heal(): Promise<void>;
  /** Refuses connections until `heal`. */
  cut(): Promise<void>;
}

export interface Toxiproxy extends Bed {
  /** @param upstream `host:port` */
  proxy(upstream: string): Promise<Proxy>;
}

async function call(method: string, url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`toxiproxy ${method} ${url}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function makeProxy(api: string, name: string, upstream: string): Promise<Proxy> {
  const address = `127.0.0.1:${await freePort()}`;
  await call('POST', `${api}/proxies`, { name, listen: address, upstream, enabled: true });
  const here = `${api}/proxies/${name}`;
  return {
    address,
    add: async (toxic) => {
      await call('POST', `${here}/toxics`, toxic);
    },
    heal: async () => {
      const toxics = (await call('GET', `${here}/toxics`)) as readonly { name: string }[];
      for (const toxic of toxics) await call('DELETE', `${here}/toxics/${toxic.name}`);
      await call('POST', here, { enabled: true });
    },
    cut: async () => {
      await call('POST', here, { enabled: false });
    },
  };
}

/** A TCP proxy that breaks connections on demand. */
export async function startToxiproxy(): Promise<Toxiproxy> {
  const install = await cached('toxiproxy', VERSION, (dir) =>
    goInstall(`github.com/Shopify/toxiproxy/v2/cmd/server@v${VERSION}`, dir),
  );
  const dir = await bedFolder('toxiproxy');
  const port = await freePort();
  const api = `http://127.0.0.1:${port}`;
  const started = await startProcess({
    name: 'toxiproxy',
    file: join(install, 'server'),
    args: ['-host', '127.0.0.1', '-port', String(port)],
    env: bareEnvironment(dir),
    dir,
    ready: () => answers(`${api}/version`),
    readyMs: 20_000,
  });
  let made = 0;
  return {
    proxy: (upstream) => makeProxy(api, `proxy-${(made += 1)}`, upstream),
    stop: () => started.stop(),
  };
}
