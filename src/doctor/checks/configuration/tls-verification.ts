import { describeOrigin } from '../../../config/origin.ts';
import type { Check } from '../../check.ts';
import { warn } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { undo } from '../../settings/undo.ts';

const SWITCHES = [
  { key: 's3.ignoreTls', what: 'the S3 store', trust: 'AWS_CA_BUNDLE' },
  { key: 'tracking.insecureTls', what: 'the tracking server', trust: 'MLFLOW_TRACKING_SERVER_CERT_PATH' },
  { key: 'ftp.ignoreTls', what: 'the FTP server', trust: 'SSL_CERT_FILE' },
] as const;

export const tlsVerification: Check = {
  id: 'D52',
  name: 'tls-verification',
  area: 'configuration',
  title: 'Certificates are checked',
  explain:
    "With MLFLOW_S3_IGNORE_TLS, MLFLOW_TRACKING_INSECURE_TLS or MLSTOW_FTP_IGNORE_TLS any certificate is taken, also that of somebody in between, who then has the credentials and the models. For a server with a certificate of its own or of an internal authority, give that authority's PEM file instead: AWS_CA_BUNDLE, MLFLOW_TRACKING_SERVER_CERT_PATH, SSL_CERT_FILE.",
  network: false,
  needs: [],
  run: ({ config }) =>
    SWITCHES.flatMap(({ key, what, trust }) => {
      const found = given(config, key);
      if (found?.value !== true) return [];
      return [
        warn(
          `${describeOrigin(found.origin)} has any certificate of ${what} accepted`,
          `${undo(found.origin)}, and set ${trust} to the PEM file of its authority`,
          found.origin.name,
        ),
      ];
    }),
};
