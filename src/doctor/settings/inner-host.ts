import { BlockList, isIP } from 'node:net';

const INNER = new BlockList();
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
] as const)
  INNER.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  INNER.addSubnet(network, bits, 'ipv6');

const INNER_NAME =
  /(?:^localhost|\.(?:localhost|local|internal|intranet|lan|home\.arpa|svc|cluster\.local))$/;

/** Whether a host is of this machine or network, as far as its name tells: a private address, or a name without a public domain. */
export function isInner(host: string): boolean {
  const version = isIP(host);
  if (version !== 0) return INNER.check(host, version === 4 ? 'ipv4' : 'ipv6');
  return !host.includes('.') || INNER_NAME.test(host.toLowerCase());
}
