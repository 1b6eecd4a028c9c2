import { describeOrigin, type Origin } from '../../../config/origin.ts';
import type { Config } from '../../../config/resolve.ts';
import { Failure } from '../../../core/failure.ts';
import { proxyFor } from '../../../net/proxy-choice.ts';
import type { NetOptions } from '../../../net/net.ts';
import type { Check } from '../../check.ts';
import type { Context } from '../../context.ts';
import { fail, ok, warn, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { isInner } from '../../settings/inner-host.ts';
import { setTo, undo } from '../../settings/undo.ts';

const ENDPOINTS = ['s3.endpointUrl', 'azure.blobEndpoint', 'gcs.apiEndpoint', 'hdfs.webhdfsUrl'] as const;

interface Wanted {
  readonly url: URL;
  readonly what: string;
}

async function destinations(context: Context): Promise<readonly Wanted[]> {
  const tracking = await context.trackingUri();
  const texts = [
    ...(/^https?:/i.test(tracking) ? [{ text: tracking, what: 'the tracking server' }] : []),
    ...ENDPOINTS.flatMap((key) => {
      const found = given(context.config, key);
      return found ? [{ text: found.value, what: `the endpoint of ${describeOrigin(found.origin)}` }] : [];
    }),
  ];
  return texts.flatMap(({ text, what }) => (URL.canParse(text) ? [{ url: new URL(text), what }] : []));
}

function optionsOf(config: Config): NetOptions {
  const httpProxy = given(config, 'net.httpProxy')?.value;
  const httpsProxy = given(config, 'net.httpsProxy')?.value;
  const noProxy = given(config, 'net.noProxy')?.value;
  return {
    verifyTls: true,
    connectMs: 0,
    maxSockets: 1,
    ...(httpProxy === undefined ? {} : { httpProxy }),
    ...(httpsProxy === undefined ? {} : { httpsProxy }),
    ...(noProxy === undefined ? {} : { noProxy }),
  };
}

function withHost(config: Config, host: string): string {
  const before = given(config, 'net.noProxy');
  const origin: Origin = before?.origin ?? { from: 'environment', name: 'NO_PROXY' };
  return setTo(origin, before ? `${before.value},${host}` : host);
}

function look({ url, what }: Wanted, config: Config): readonly Finding[] {
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (secure ? 443 : 80);
  const setting = given(config, secure ? 'net.httpsProxy' : 'net.httpProxy');
  if (!setting) return [];
  try {
    const proxy = proxyFor({ secure, host, port }, optionsOf(config));
    if (!proxy) return [ok(`${what} (${url.host}) is reached directly`, url.host)];
    if (!isInner(host))
      return [ok(`${what} (${url.host}) is reached through the proxy ${proxy.host}`, url.host)];
    return [
      warn(
        `${what} (${url.host}) is a host of your own network, and requests to it go through the proxy ${proxy.host} (${describeOrigin(setting.origin)})`,
        withHost(config, host),
        url.host,
      ),
    ];
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    const told = `${thrown.message} (${describeOrigin(setting.origin)})`;
    return [
      fail(
        told,
        `${setTo(setting.origin, 'http://HOST:PORT')}, or ${undo(setting.origin)}`,
        setting.origin.name,
      ),
    ];
  }
}

export const proxies: Check = {
  id: 'D43',
  name: 'proxies',
  area: 'configuration',
  title: 'No proxy catches what it cannot reach',
  explain:
    "HTTP_PROXY and HTTPS_PROXY catch every request whose host NO_PROXY does not name. A company's proxy cannot reach a tracking server or store of your own network (localhost, minio, 10.0.0.5, store.svc.cluster.local): it answers 403, 502 or 504, caches, or cuts large uploads, and the answer looks like the server's. Add the host to NO_PROXY. As with curl and requests, the lower-case names win, and HTTPS_PROXY is for https: addresses.",
  network: false,
  needs: [],
  async run(context) {
    const { config } = context;
    if (!given(config, 'net.httpProxy') && !given(config, 'net.httpsProxy')) return [ok('no proxy is set')];
    const found = (await destinations(context)).flatMap((wanted) => look(wanted, config));
    return [...new Map(found.map((finding) => [finding.evidence, finding])).values()];
  },
};
