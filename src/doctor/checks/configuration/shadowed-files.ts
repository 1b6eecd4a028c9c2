import { describeOrigin } from '../../../config/origin.ts';
import type { Entry } from '../../../config/resolve.ts';
import { declarationOf } from '../../../config/settings/index.ts';
import type { Check } from '../../check.ts';
import { ok, warn, type Finding } from '../../finding.ts';
import { undo } from '../../settings/undo.ts';

function look(entry: Entry): readonly Finding[] {
  if (!('resolved' in entry)) return [];
  const { key } = entry;
  const { origin, display, shadowed } = entry.resolved;
  const lost = shadowed.find(({ origin: { from } }) => from === 'file' || from === 'profile');
  const secret = declarationOf(key).secret;
  if (origin.from !== 'environment' || !lost || (!secret && lost.display === display)) return [];
  const values = secret ? '' : `: ${display}, not ${lost.display}`;
  return [
    warn(
      `${origin.name} beats ${key} in ${describeOrigin(lost.origin)}${values}`,
      `${undo(origin)} to have the file's value, or remove ${lost.origin.name} from ${lost.origin.file ?? 'the file'}`,
      key,
    ),
  ];
}

export const shadowedFiles: Check = {
  id: 'D44',
  name: 'shadowed-files',
  area: 'configuration',
  title: 'No variable of the environment beats another value in a configuration file',
  explain:
    'The environment beats configuration files. A variable that was left over from another project, or that an image sets, makes the value that the file shows a fiction. mlstow config list --show-origin shows every value with what it beat.',
  network: false,
  needs: [],
  run({ config }) {
    if (config.files.length === 0) return [ok('there is no configuration file')];
    return config.entries().flatMap(look);
  },
};
