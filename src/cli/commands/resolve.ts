import { formatPlace } from '../../resolver/resolution.ts';
import { command, type View } from '../command.ts';
import { STORE_OPTIONS } from '../global-options.ts';
import type { ResolveResult, ResolveStep } from '../output/resolve.ts';

function stepText({ found, origin, shadowed }: ResolveStep, number: number): string {
  const lost = shadowed && shadowed.length > 0 ? `, instead of ${shadowed.join(', ')}` : '';
  return `  ${number}. ${found}  (${origin}${lost})\n`;
}

export const resolve = command({
  name: 'resolve',
  summary: 'Tell where the artifacts of a run, experiment or URI are, and why.',
  details: [
    'Prints the location, the store that holds it, and every step on the way with who said so and what it beat: a flag, a variable, a line of a file, the server, a default. With -q the location alone.',
  ],
  examples: [
    'mlstow resolve $RUN_ID',
    'mlstow resolve experiment:churn',
    'mlstow resolve models:/fraud@champion',
  ],
  arguments: [{ name: '<target>', help: 'a run id, experiment:NAME, a URI or a path', completes: 'target' }],
  options: { ...STORE_OPTIONS },
  async run(session, _values, [target = '']): Promise<View<ResolveStep>> {
    const resolver = await session.resolver('read');
    const { places, steps } = await resolver.target(target, session.io);
    const stores = await session.stores();
    const [first, ...others] = places;
    const store = stores.systemOf(first.location);
    const location = formatPlace(first);
    return {
      items: steps,
      data: () => ({ location, also: others.map(formatPlace), store }) satisfies ResolveResult,
      text: async function* (items) {
        yield `${location}\n`;
        for (const other of others) yield `also looked at: ${formatPlace(other)}\n`;
        yield `store: ${store}\nsteps:\n`;
        let number = 0;
        for await (const step of items) yield stepText(step, (number += 1));
      },
      quiet: () => [`${location}\n`],
    };
  },
});
