import { describeOrigin } from '../../../config/origin.ts';
import type { Config } from '../../../config/resolve.ts';
import { Failure } from '../../../core/failure.ts';
import { readTrust } from '../../../net/tls-trust.ts';
import type { Check } from '../../check.ts';
import { fail, ok, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { setTo, undo } from '../../settings/undo.ts';

const FILES = [
  { key: 's3.caBundle', as: 'caFile' },
  { key: 'tracking.serverCertPath', as: 'caFile' },
  { key: 'net.caFile', as: 'caFile' },
  { key: 'net.extraCaFile', as: 'caFile' },
  { key: 'tracking.clientCertPath', as: 'clientCertFile' },
] as const;

function look(config: Config, { key, as }: (typeof FILES)[number]): readonly Finding[] {
  const found = given(config, key);
  if (!found) return [];
  const { value, origin } = found;
  try {
    readTrust({ verifyTls: true, connectMs: 0, maxSockets: 1, [as]: value, names: { [as]: origin.name } });
    return [ok(`${value} (${describeOrigin(origin)}) can be used`, origin.name)];
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return [fail(thrown.message, `${setTo(origin, '/PATH/TO/FILE.pem')}, or ${undo(origin)}`, origin.name)];
  }
}

export const certificateFiles: Check = {
  id: 'D53',
  name: 'certificate-files',
  area: 'configuration',
  title: 'Every certificate file that is named can be read',
  explain:
    "AWS_CA_BUNDLE, MLFLOW_TRACKING_SERVER_CERT_PATH, REQUESTS_CA_BUNDLE, SSL_CERT_FILE and NODE_EXTRA_CA_CERTS name PEM files with authorities to trust, MLFLOW_TRACKING_CLIENT_CERT_PATH one with a client's certificate and key. In a container the path is often one of the host. A file that is absent ends every connection with an error about certificates that says nothing of the file.",
  network: false,
  needs: [],
  run: ({ config }) => FILES.flatMap((file) => look(config, file)),
};
