import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { bareEnvironment, bedFolder, freePort, startProcess, type Bed } from './bed.ts';
import { debianPackage } from './debian-package.ts';

export interface NginxOptions {
  /** `http://host:port` of what it stands before. */
  readonly upstream: string;
  /** Directives of the server, such as `client_max_body_size 0;`; nginx's own defaults unless told. */
  readonly directives?: string;
  /** The Host header that it passes on; that of the client unless told. */
  readonly host?: string;
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** One that was in use, so that a mended one takes its place. */
  readonly port?: number;
}

export interface Nginx extends Bed {
  readonly url: string;
  readonly port: number;
}

function configOf(options: NginxOptions, port: number): string {
  const { upstream, directives = '', host = '$http_host', tls } = options;
  const certificate = tls ? `ssl_certificate ${tls.certFile}; ssl_certificate_key ${tls.keyFile};` : '';
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (each) => `${each}_temp_path ${each};`,
  );
  return `
daemon off; master_process off; pid nginx.pid; error_log stderr;
events { worker_connections 256; }
http {
  access_log off; ${folders.join(' ')}
  server {
    listen 127.0.0.1:${port}${tls ? ' ssl' : ''}; ${certificate}
    ${directives}
    location / { proxy_pass ${upstream}; proxy_http_version 1.1; proxy_set_header Host ${host}; }
  }
}
`;
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', reject);
  });
}

/** Debian's nginx before a server, with its own defaults: bodies of 1 MB, 60 s. Installing it needs root. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  await debianPackage('nginx-light', '/usr/sbin/nginx', 'nginx');
  const dir = await bedFolder('nginx');
  const port = options.port ?? (await freePort());
  const config = join(dir, 'nginx.conf');
  await writeFile(config, configOf(options, port));
  const started = await startProcess({
    name: 'nginx',
    file: '/usr/sbin/nginx',
    args: ['-p', dir, '-e', 'stderr', '-c', config],
    env: bareEnvironment(dir),
    dir,
    ready: async () => accepts(port),
    readyMs: 10_000,
  });
  return {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    stop: () => started.stop(),
  };
}
