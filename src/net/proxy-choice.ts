import { BlockList, isIP, isIPv4 } from 'node:net';
import { Failure } from '../core/failure.ts';
import type { NetOptions } from './net.ts';

/** Where a connection goes, as URL or agent options name it. */
export interface Destination {
  readonly secure: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

function inSubnet(host: string, entry: string): boolean {
  const [network = '', bits = ''] = entry.split('/');
  const family = isIPv4(network) ? 'ipv4' : 'ipv6';
  if (isIP(network) === 0 || isIP(network) !== isIP(host) || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 'ipv4' ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family);
  return list.check(host, family);
}

function matches(entry: string, to: Destination): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return inSubnet(to.host, entry);
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(entry);
  const plain = isIP(entry) ? [entry, entry] : /^(.*?)(?::(\d+))?$/.exec(entry);
  const [, name = '', port] = bracketed ?? plain ?? [];
  if (port !== undefined && Number(port) !== to.port) return false;
  const suffix = name.replace(/^\.+/, '').toLowerCase();
  const host = to.host.toLowerCase();
  return suffix !== '' && (host === suffix || (isIP(host) === 0 && host.endsWith(`.${suffix}`)));
}

/** Whether NO_PROXY names a destination: `*`, a name and all below it, an address, a subnet; optionally with a port. */
export function bypasses(noProxy: string | undefined, to: Destination): boolean {
  return (noProxy ?? '')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry, to));
}

function parseProxy(value: string, name: string): URL {
  const text = value.includes('://') ? value : `http://${value}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy;
  throw new Failure({
    kind: proxy ? 'unsupported' : 'misconfigured',
    message: proxy
      ? `the proxy in ${name} has the scheme ${proxy.protocol.slice(0, -1)}; only http and https proxies are known`
      : `the proxy in ${name} is not a URL`,
    subject: name,
    hint: `set ${name} to http://HOST:PORT`,
  });
}

/**
 * The proxy for a destination, by the rules of curl and Python's requests; undefined for a direct connection.
 * @throws Failure misconfigured, unsupported (a SOCKS proxy)
 */
export function proxyFor(to: Destination, options: NetOptions): URL | undefined {
  const value = to.secure ? options.httpsProxy : options.httpProxy;
  if (value === undefined || value === '' || bypasses(options.noProxy, to)) return undefined;
  return parseProxy(value, to.secure ? 'HTTPS_PROXY' : 'HTTP_PROXY');
}
