import type { Check } from '../../../check.ts';
import { fail, ok, type Finding } from '../../../finding.ts';
import { ROOTS_MS } from '../../../live/judge-roots.ts';
import { serverInfo } from '../../../live/server-info.ts';
import { surveyRoots, type RootSurvey } from '../../../live/survey-roots.ts';

/** The store itself, which the server would reach for its clients. */
function isDirect({ root, system }: RootSurvey): boolean {
  return root.experiments.length > 0 && system !== 'local' && system !== 'proxy' && system !== undefined;
}

function judge({ root, trouble }: RootSurvey): Finding {
  const { uri } = root;
  if (!trouble) return ok('clients reach it themselves, and this one can', uri);
  return fail(
    `the server proxies artifacts, but not those of experiments at ${uri}: this client reaches that store itself, and cannot`,
    `give this client access to it, or start the server with --artifacts-destination ${uri} and without --default-artifact-root and log to a new experiment`,
    uri,
  );
}

export const directRoots: Check = {
  id: 'D08',
  name: 'direct-roots',
  area: 'server',
  title: 'Artifacts that do not go through the proxying server can be reached from here',
  explain:
    '--serve-artifacts is on, and the client still talks to gs:// or s3:// itself: --default-artifact-root with the URI of a store turns proxying off for new experiments, silently. Where the client has its own access that is a choice. Where it has not, start the server with --artifacts-destination alone: then experiments get mlflow-artifacts:/ locations.',
  network: true,
  needs: ['server', 'D71', 'roots'],
  timeoutMs: ROOTS_MS,
  async run(context, io) {
    const { serves } = await serverInfo(context, io);
    if (serves !== true) return [ok('the server does not proxy artifacts')];
    const direct = (await surveyRoots(context, io)).filter(isDirect);
    return direct.length > 0 ? direct.map(judge) : [ok('no experiment has artifacts past the server')];
  },
};
