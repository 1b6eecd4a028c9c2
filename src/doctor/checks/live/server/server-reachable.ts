import { Failure } from '../../../../core/failure.ts';
import { readServerError } from '../../../../net/mlflow-errors.ts';
import type { Check } from '../../../check.ts';
import { fail, ok, skip, type Finding } from '../../../finding.ts';
import { knock, type ServerAnswer } from '../../../live/ask-server.ts';
import { failWith } from '../../../live/fail-with.ts';
import { tlsTrouble } from '../../../live/tls-trouble.ts';

function judge(host: string, { status, headers, body, tookMs }: ServerAnswer): Finding {
  const by = headers['server'] === undefined ? '' : ` (${headers['server']})`;
  if (status >= 500) {
    const said = readServerError(body).text;
    return fail(
      `${host} answers ${status}${by}${said === '' ? '' : `: ${said}`}`,
      `start the MLflow server behind it, or mend it: curl -i http(s)://${host}/health must say OK`,
    );
  }
  const version = status === 200 ? /^\d+\.\d+[\w.+-]*$/.exec(body.trim())?.[0] : undefined;
  const what = version === undefined ? `something that tells no version (${status})` : `MLflow ${version}`;
  return ok(`${what}${by} answers at ${host} within ${Math.round(tookMs)} ms`);
}

export const serverReachable: Check = {
  id: 'D70',
  name: 'server-reachable',
  area: 'server',
  title: 'The tracking server answers',
  explain:
    'The address in MLFLOW_TRACKING_URI is asked for its version, which MLflow tells everybody. A connection that is refused, a name that cannot be looked up, a wrong port, a missing proxy setting or a proxy that answers 502 because nothing runs behind it all look the same in a training job: minutes of silent retries, then a traceback. doctor does not retry.',
  network: true,
  needs: ['server'],
  async run(context, io) {
    const { host } = new URL((await context.server()).uri);
    try {
      return [judge(host, await knock(context, io))];
    } catch (thrown) {
      if (tlsTrouble(thrown)) return [skip(`${host} cannot be asked: D17 tells of its certificate`)];
      if (thrown instanceof Failure && !io.signal.aborted)
        return [failWith(thrown, 'check MLFLOW_TRACKING_URI, and that the server runs')];
      throw thrown;
    }
  },
};
