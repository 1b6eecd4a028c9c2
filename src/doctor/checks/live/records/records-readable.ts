import { Failure } from '../../../../core/failure.ts';
import { redactUri } from '../../../../core/redact.ts';
import type { Check } from '../../../check.ts';
import { ok } from '../../../finding.ts';
import { failWith } from '../../../live/fail-with.ts';

const USUAL = 'check MLFLOW_TRACKING_URI, and that the database runs and lets this user in';

export const recordsReadable: Check = {
  id: 'D78',
  name: 'records-readable',
  area: 'records',
  title: 'Experiments can be read from the database or folder that keeps them',
  explain:
    'Without a tracking server MLFLOW_TRACKING_URI names the records themselves: a database, or a folder. It is opened and asked for one experiment, so that a stopped database, a wrong password, a schema of another MLflow version or a folder that is not mounted is told here and not in the middle of a training. That nothing is recorded yet is no fault.',
  network: true,
  needs: [],
  async run(context, io) {
    const uri = await context.trackingUri();
    if (/^https?:/i.test(uri)) return [ok('a tracking server keeps them: D71')];
    try {
      const { experiments, reach, label } = await context.tracking();
      const search = { view: 'active_only', maxResults: 1 } as const;
      for await (const page of experiments.search(search, io)) if (page.length > 0) break;
      const where = reach === 'local' ? 'on this machine' : 'over the network';
      return [ok(`${label} is read ${where}`)];
    } catch (thrown) {
      if (!(thrown instanceof Failure) || io.signal.aborted) throw thrown;
      if (thrown.kind === 'not-found') return [ok(`nothing is recorded yet: ${redactUri(uri)} is not there`)];
      return [failWith(thrown, USUAL)];
    }
  },
};
