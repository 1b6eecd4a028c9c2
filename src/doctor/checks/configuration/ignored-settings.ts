import type { Check } from '../../check.ts';
import { warn } from '../../finding.ts';

export const ignoredSettings: Check = {
  id: 'D51',
  name: 'ignored-settings',
  area: 'configuration',
  title: 'Every line of the configuration files has an effect',
  explain:
    'A configuration file found by walking up from the working directory may not set credentials, trust, shared paths or brakes: whoever can write there could otherwise redirect your credentials. Such lines, and keys that do not exist, are ignored. Put them into your own file, ~/.config/mlstow/config.yaml, a variable or a flag.',
  network: false,
  needs: [],
  run: ({ config }) =>
    config.ignored.flatMap(({ name, file, line, suggestion, message, reason }) => {
      if (file === undefined) return [];
      const place = `${file}${line === undefined ? '' : `, line ${line}`}`;
      const move = message.split(': use ')[1];
      const remove = `remove ${name} from ${place}`;
      const rename =
        suggestion === undefined ? remove : `write ${suggestion} in place of ${name} in ${place}`;
      const remedy = reason === 'unknown' || move === undefined ? rename : `${remove}, and use ${move}`;
      return [warn(`${message} (${place})`, remedy, name)];
    }),
};
