import type { System } from '../../../../artifacts/registry.ts';
import type { Check } from '../../../check.ts';
import { ok, type Finding } from '../../../finding.ts';
import { failWith } from '../../../live/fail-with.ts';
import { judgeRoots, ROOTS_MS, toldElsewhere, troubleKind } from '../../../live/judge-roots.ts';
import type { RootSurvey } from '../../../live/survey-roots.ts';

/** Who gives them where the store does not tell. */
const GIVEN: Readonly<Partial<Record<System, string>>> = {
  local: 'no credentials: the rights of this user',
  proxy: 'the credentials for the tracking server',
};

function judge({ root, system, credentials, trouble }: RootSurvey): readonly Finding[] {
  const { uri } = root;
  if (trouble) {
    if (troubleKind(trouble) !== 'credentials') return [toldElsewhere(trouble, uri)];
    const direct = "this client talks to the store itself, and the server's credentials are not used";
    const told = failWith(trouble, 'give this client credentials for that store', uri);
    return [{ ...told, evidence: `${told.evidence}; ${direct}` }];
  }
  const who = credentials ?? (system && GIVEN[system]);
  return [ok(who === undefined ? 'the credentials were accepted' : `let in by ${who}`, uri)];
}

export const storeCredentials: Check = {
  id: 'D04',
  name: 'store-credentials',
  area: 'stores',
  title: 'Every store lets this client in, and it is told by whose credentials',
  explain:
    'NoCredentialsError, InvalidAccessKeyId, SignatureDoesNotMatch, "Unable to locate credentials": an experiment whose location is s3://, wasbs:// or gs:// is written by the client itself, and the keys that the tracking server has are of no use to it. Export the variables here too (with a BashOperator: append_env=True), or let the server proxy artifacts: start it with --artifacts-destination and without --default-artifact-root, and log to a new experiment.',
  network: true,
  needs: ['roots'],
  timeoutMs: ROOTS_MS,
  run: async (context, io) => judgeRoots(context, io, judge),
};
