import { Failure } from '../../../core/failure.ts';
import type { HadoopConfiguration } from './configuration.ts';

const SERVICE = '/webhdfs/v1';
/** `dfs.namenode.http-address` and `https-address` of Hadoop 3 unless configured. */
const HTTP_PORT = 9870;
const HTTPS_PORT = 9871;
const ANY_ADDRESS = /^(?:0\.0\.0\.0|\[?::\]?)(?=:|$)/;

/** Where WebHDFS is spoken, and whether somebody said so or it is the default port of Hadoop 3. */
export interface WebHdfsAddress {
  readonly urls: readonly URL[];
  readonly from: 'setting' | 'configuration' | 'default';
}

function serviceAt(origin: string, subject: string): URL {
  if (!URL.canParse(origin)) {
    throw new Failure({
      kind: 'misconfigured',
      message: `${JSON.stringify(origin)} is not the address of a name node`,
      subject,
      hint: 'set MLSTOW_HDFS_WEBHDFS_URL=http://host:9870',
      settings: ['hdfs.webhdfsUrl', 'hdfs.confDir'],
    });
  }
  const url = new URL(origin);
  url.search = '';
  url.hash = '';
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith(SERVICE) ? path : `${path}${SERVICE}`;
  return url;
}

function isSecure(configuration: HadoopConfiguration): boolean {
  return configuration.get('dfs.http.policy')?.toUpperCase() === 'HTTPS_ONLY';
}

/** The configured address of one name node; `suffix` is '' or `.<service>` or `.<service>.<node>`. */
function addressOf(configuration: HadoopConfiguration, suffix: string, host: string): URL | undefined {
  const secure = isSecure(configuration);
  const key = `dfs.namenode.${secure ? 'https' : 'http'}-address${suffix}`;
  const address = configuration.get(key);
  if (address === undefined || address === '') return undefined;
  return serviceAt(`${secure ? 'https' : 'http'}://${address.replace(ANY_ADDRESS, host)}`, key);
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
}

function hostOf(authority: string): string {
  return authority.replace(/:\d+$/, '');
}

/** The name nodes of a service: one, or those between which it fails over. */
function ofService(configuration: HadoopConfiguration, service: string): readonly URL[] {
  const nodes = words(configuration.get(`dfs.ha.namenodes.${service}`));
  const suffixes = nodes.length > 0 ? nodes.map((node) => `${service}.${node}`) : [service];
  return suffixes.flatMap((name) => {
    const rpc = configuration.get(`dfs.namenode.rpc-address.${name}`);
    return addressOf(configuration, `.${name}`, hostOf(rpc ?? service)) ?? [];
  });
}

/** Whether the one name node of a configuration is the one that an authority names. */
function isConfigured(configuration: HadoopConfiguration, authority: string): boolean {
  const named = [configuration.get('fs.defaultFS'), configuration.get('dfs.namenode.rpc-address')];
  return named.some((each) => {
    const known = (each ?? '').replace(/^hdfs:\/\//, '').replace(/\/.*$/, '');
    return known !== '' && hostOf(known).toLowerCase() === hostOf(authority).toLowerCase();
  });
}

/** The service that has a name node at this address, for a location that names one machine of a pair. */
function serviceWith(configuration: HadoopConfiguration, authority: string): string | undefined {
  const prefix = 'dfs.namenode.rpc-address.';
  for (const [key, value] of configuration) {
    if (key.startsWith(prefix) && value.toLowerCase() === authority.toLowerCase()) {
      return key.slice(prefix.length);
    }
  }
  return undefined;
}

/**
 * Where the name nodes of an authority speak WebHDFS: what is set, else what `hdfs-site.xml` says of the name service or
 * host (https where `dfs.http.policy` is HTTPS_ONLY), else the default port.
 * @throws Failure misconfigured
 */
export function webHdfsOf(
  authority: string,
  configuration: HadoopConfiguration,
  setting: string | undefined,
): WebHdfsAddress {
  if (setting !== undefined) return { urls: [serviceAt(setting, 'hdfs.webhdfsUrl')], from: 'setting' };
  const service = words(configuration.get('dfs.nameservices')).find((name) => name === authority);
  if (service !== undefined) {
    const urls = ofService(configuration, service);
    if (urls.length > 0) return { urls, from: 'configuration' };
  }
  const found =
    addressOf(configuration, `.${serviceWith(configuration, authority) ?? '-'}`, hostOf(authority)) ??
    (isConfigured(configuration, authority) ? addressOf(configuration, '', hostOf(authority)) : undefined);
  if (found) return { urls: [found], from: 'configuration' };
  const secure = isSecure(configuration);
  const usual = `${secure ? 'https' : 'http'}://${hostOf(authority)}:${secure ? HTTPS_PORT : HTTP_PORT}`;
  return { urls: [serviceAt(usual, authority)], from: 'default' };
}
