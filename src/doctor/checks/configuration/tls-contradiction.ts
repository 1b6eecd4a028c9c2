import { describeOrigin } from '../../../config/origin.ts';
import type { Config } from '../../../config/resolve.ts';
import type { Check } from '../../check.ts';
import { fail, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { undo } from '../../settings/undo.ts';

const PAIRS = [
  { off: 's3.ignoreTls', trust: 's3.caBundle' },
  { off: 'tracking.insecureTls', trust: 'tracking.serverCertPath' },
] as const;

function look(config: Config, { off, trust }: (typeof PAIRS)[number]): readonly Finding[] {
  const insecure = given(config, off);
  const bundle = given(config, trust);
  if (insecure?.value !== true || !bundle) return [];
  return [
    fail(
      `${describeOrigin(insecure.origin)} switches the check of certificates off, and ${describeOrigin(bundle.origin)} says which ones to trust`,
      `${undo(insecure.origin)}: certificates are then checked against ${bundle.display}`,
      insecure.origin.name,
    ),
  ];
}

export const tlsContradiction: Check = {
  id: 'D34',
  name: 'tls-contradiction',
  area: 'configuration',
  title: 'Certificates are either checked against a bundle or not at all',
  explain:
    "MLFLOW_S3_IGNORE_TLS and AWS_CA_BUNDLE exclude each other: the first switches the check of the store's certificate off, the second gives the authorities to check it against. MLflow says not to set both; which of them wins differs between its versions. The same holds for MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH. Keep the bundle.",
  network: false,
  needs: [],
  run: ({ config }) => PAIRS.flatMap((pair) => look(config, pair)),
};
