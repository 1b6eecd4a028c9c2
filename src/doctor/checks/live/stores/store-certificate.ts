import type { Check } from '../../../check.ts';
import { ok, type Finding } from '../../../finding.ts';
import { failWith } from '../../../live/fail-with.ts';
import { judgeRoots, ROOTS_MS, toldElsewhere, troubleKind } from '../../../live/judge-roots.ts';
import type { RootSurvey } from '../../../live/survey-roots.ts';

function judge({ root, trouble }: RootSurvey): readonly Finding[] {
  if (!trouble) return [ok('no certificate is refused', root.uri)];
  if (troubleKind(trouble) !== 'certificate') return [toldElsewhere(trouble, root.uri)];
  return [failWith(trouble, 'pass --ca-file with a PEM file that holds its authority', root.uri)];
}

export const storeCertificate: Check = {
  id: 'D75',
  name: 'store-certificate',
  area: 'stores',
  title: 'The certificate of every store is trusted here',
  explain:
    "CERTIFICATE_VERIFY_FAILED from a store: a self-signed MinIO, a company's own authority, a certificate that has expired or is for another name. Set AWS_CA_BUNDLE to a PEM file with the authority; MLFLOW_S3_IGNORE_TLS=true accepts anybody, and both at once exclude each other.",
  network: true,
  needs: ['roots'],
  timeoutMs: ROOTS_MS,
  run: async (context, io) => judgeRoots(context, io, judge),
};
