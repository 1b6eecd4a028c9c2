import { STORES } from '../../artifacts/registry.ts';
import { formatLocation } from '../../core/location.ts';
import type { Backend, StoresOptions } from '../backend.ts';
import type { DirectOptions } from '../../artifacts/stores/proxy/direct.ts';
import type { Config } from '../../config/resolve.ts';
import { createNet } from '../../net/create-net.ts';
import type { Net } from '../../net/net.ts';
import { s3Net } from '../net-options.ts';

const SOCKETS = 64;

/** How bytes go past a proxying server, and the end of the connections that this made. */
interface ProxyWay {
  readonly direct: DirectOptions;
  close(): void;
}

/**
 * The settings of proxied uploads in parts and downloads by presigned URL. Those URLs lead to the store behind the
 * server, which is reached as S3 is: AWS_CA_BUNDLE, MLFLOW_S3_IGNORE_TLS and the time-out of transfers hold there, and
 * are read when the first such connection is made.
 */
function proxyWay(config: Config): ProxyWay {
  let net: Net | undefined;
  const upload = config.get('artifacts.proxyMultipartUpload');
  const download = config.get('artifacts.proxyMultipartDownload');
  return {
    direct: {
      net: () => (net ??= createNet(s3Net(config, SOCKETS))),
      ...(upload === undefined ? {} : { upload }),
      ...(download === undefined ? {} : { download }),
      fromBytes: config.get('artifacts.multipartUploadMinimumFileSize'),
      partBytes: config.get('artifacts.multipartUploadChunkSize'),
    },
    close: () => net?.close(),
  };
}

/** What is behind the tracking server, through its connections and with its credentials. @throws Failure misconfigured */
export async function connectProxyStore({ config, server, clock }: StoresOptions): Promise<Backend> {
  const connectProxy = await STORES.proxy.load();
  const { net, authorizer } = await server();
  const way = proxyWay(config);
  const allowRedirects = config.get('http.allowRedirects');
  return {
    at: (location) => {
      const url = new URL(formatLocation(location));
      return connectProxy({
        url,
        net,
        authorizer,
        clock,
        label: location.redacted,
        allowRedirects,
        direct: way.direct,
      });
    },
    close: async () => {
      way.close();
      net.close();
    },
  };
}
