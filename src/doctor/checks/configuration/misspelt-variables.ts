import { didYouMean } from '../../../config/did-you-mean.ts';
import { variableNames } from '../../../config/setting.ts';
import { declarationOf, KEYS } from '../../../config/settings/index.ts';
import type { Check } from '../../check.ts';
import { ok, warn, type Finding } from '../../finding.ts';
import { MLFLOW_VARIABLES } from '../../settings/mlflow-variables.ts';

const OURS = KEYS.flatMap((key) => variableNames(declarationOf(key)));
const KNOWN: ReadonlySet<string> = new Set([...OURS, ...MLFLOW_VARIABLES]);
/** Kubernetes puts these into every pod beside a service called mlflow: MLFLOW_SERVICE_HOST, MLFLOW_PORT_5000_TCP_ADDR. */
const SERVICE_LINK =
  /^MLFLOW_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP)(?:_\w+)?)?)$/;
const PREFIX = /^(?:MLFLOW|MLSTOW)_/;
/** More wrong letters make another word, not a slip. */
const MOST_SLIPS = 2;

function suggestion(name: string): string | undefined {
  const prefix = PREFIX.exec(name)?.[0] ?? '';
  const bare = name.slice(prefix.length);
  const candidates = [...KNOWN].flatMap((known) =>
    known.startsWith(prefix) ? known.slice(prefix.length) : [],
  );
  // The last word left out: S3_ENDPOINT for S3_ENDPOINT_URL.
  const longer = candidates.filter(
    (known) => bare.includes('_') && known.replace(/_[A-Z0-9]+$/, '') === bare,
  );
  const near = longer.length === 1 ? longer[0] : didYouMean(bare, candidates, MOST_SLIPS);
  if (near === undefined) return undefined;
  return `${prefix}${near}`;
}

function look(name: string): readonly Finding[] {
  const near = suggestion(name);
  if (near !== undefined) {
    return [
      warn(
        `${name} is set, and nothing reads it: did you mean ${near}?`,
        `set ${near} and unset ${name}`,
        name,
      ),
    ];
  }
  // MLFLOW_* may be a plugin's; our own names are all known.
  if (!name.startsWith('MLSTOW_')) return [];
  return [
    warn(
      `${name} is set, and nothing reads it`,
      `unset ${name}; mlstow config list shows every setting`,
      name,
    ),
  ];
}

export const misspeltVariables: Check = {
  id: 'D42',
  name: 'misspelt-variables',
  area: 'configuration',
  title: 'Every MLFLOW_ and MLSTOW_ variable is one that is read',
  explain:
    "A variable with a slip in its name has no effect and gives no error: MLFLOW_TRACKING_URL in place of MLFLOW_TRACKING_URI leaves the records in the working directory. A name that nothing reads, and that is close to one of MLflow's or mlstow's, is told with what was probably meant; names of plugins are left alone.",
  network: false,
  needs: [],
  run({ env }) {
    const strangers = Object.keys(env).filter(
      (name) => PREFIX.test(name) && !KNOWN.has(name) && !SERVICE_LINK.test(name) && env[name] !== undefined,
    );
    const findings = strangers.sort().flatMap(look);
    return findings.length > 0 ? findings : [ok('no name is close to one that is read')];
  },
};
