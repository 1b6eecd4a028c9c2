import { Failure } from '../../../core/failure.ts';
import { formatPlace } from '../../../resolver/resolution.ts';
import type { Check } from '../../check.ts';
import { fail, ok } from '../../finding.ts';

export const target: Check = {
  id: 'D54',
  name: 'target',
  area: 'configuration',
  title: 'The TARGET leads to a place where artifacts are',
  explain:
    'mlstow doctor TARGET looks at one run, experiment or URI in place of everything in use. A run that does not exist in these records, a misspelt experiment name or a URI that nobody opens leaves nothing to look at; most often the tracking URI is another one than meant. mlstow resolve TARGET shows every step to the location.',
  network: true,
  needs: [],
  async run(context, io) {
    if (context.target === undefined) return [ok('none was given: everything in use is looked at')];
    try {
      const { places } = await (await context.resolver()).target(context.target, io);
      return [ok(`it is at ${places.map(formatPlace).join(', then ')}`)];
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      return [
        fail(
          thrown.message,
          thrown.facts.hint ??
            'type mlstow config get tracking.uri --show-origin to see whose records are asked',
        ),
      ];
    }
  },
};
