import type { DirectOptions } from '../artifacts/stores/proxy/direct.ts';
import type { Config } from '../config/resolve.ts';
import { createNet } from '../net/create-net.ts';
import type { Net } from '../net/net.ts';
import { s3Net } from './net-options.ts';

const SOCKETS = 64;

/** How bytes go past a proxying server, and the end of the connections that this made. */
export interface ProxyWay {
  readonly direct: DirectOptions;
  close(): void;
}

/**
 * The settings of proxied uploads in parts and downloads by presigned URL. Those URLs lead to the store behind the
 * server, which is reached as S3 is: AWS_CA_BUNDLE, MLFLOW_S3_IGNORE_TLS and the time-out of transfers hold there, and
 * are read when the first such connection is made.
 */
export function proxyWay(config: Config): ProxyWay {
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
