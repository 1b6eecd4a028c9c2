import type { Check } from '../../../check.ts';
import { ok, type Finding } from '../../../finding.ts';
import { failOfTls } from '../../../live/fail-of-tls.ts';
import { judgeRoots, ROOTS_MS, toldElsewhere, troubleKind } from '../../../live/judge-roots.ts';
import type { RootSurvey } from '../../../live/survey-roots.ts';

function judge({ root: { uri }, system, trouble, certificate }: RootSurvey, now: number): readonly Finding[] {
  if (!trouble) return [ok('no certificate is refused', uri)];
  if (troubleKind(trouble) !== 'certificate') return [toldElsewhere(trouble, uri)];
  const usual = `set ${system === 's3' ? 'AWS_CA_BUNDLE' : 'SSL_CERT_FILE'} to a PEM file with its authority, or with itself where it is its own`;
  return [failOfTls(trouble, certificate, { usual, now, subject: uri })];
}

export const storeCertificate: Check = {
  id: 'D75',
  name: 'store-certificate',
  area: 'stores',
  title: 'The certificate of every store is trusted here',
  explain:
    "CERTIFICATE_VERIFY_FAILED from a store: a self-signed MinIO, a company's own authority, a certificate that has expired or is for another name. Set AWS_CA_BUNDLE to a PEM file with the authority. One that has expired is told as such, whoever signed it: only whoever runs the store can renew it. MLFLOW_S3_IGNORE_TLS=true accepts anybody, and both at once exclude each other.",
  network: true,
  needs: ['roots'],
  timeoutMs: ROOTS_MS,
  run: async (context, io) => judgeRoots(context, io, (survey) => judge(survey, context.clock.now())),
};
