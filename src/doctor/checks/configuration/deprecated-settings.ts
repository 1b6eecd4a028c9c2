import { formatDuration } from '../../../core/duration.ts';
import type { Entry } from '../../../config/resolve.ts';
import { declarationOf } from '../../../config/settings/index.ts';
import type { Check } from '../../check.ts';
import { warn, type Finding } from '../../finding.ts';

function written({ key, resolved: { value } }: Extract<Entry, { resolved: unknown }>): string {
  const declaration = declarationOf(key);
  if (declaration.secret) return '…';
  if (declaration.type !== 'duration') return String(value);
  if (value === Number.POSITIVE_INFINITY) return '-1';
  return String(Number(value) / (declaration.unit === 's' ? 1000 : 1));
}

function look(entry: Entry): readonly Finding[] {
  if (!('resolved' in entry)) return [];
  const { name, replacedBy } = entry.resolved.origin;
  if (replacedBy === undefined) return [];
  return [
    warn(
      `${name} is deprecated${declarationOf(entry.key).type === 'duration' ? ` (now ${shown(entry.resolved.value)})` : ''}, and a later MLflow will not read it`,
      `set ${replacedBy}=${written(entry)} and unset ${name}`,
      name,
    ),
  ];
}

function shown(value: unknown): string {
  return Number.isFinite(value) ? formatDuration(Number(value)) : 'no limit';
}

export const deprecatedSettings: Check = {
  id: 'D37',
  name: 'deprecated-settings',
  area: 'configuration',
  title: 'No deprecated variable decides anything',
  explain:
    'MLFLOW_GCS_DEFAULT_TIMEOUT is deprecated: MLflow asks for MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT, which has the same meaning for every store (seconds, -1 for no limit). When the old name is dropped, transfers fall back to 60 s.',
  network: false,
  needs: [],
  run: ({ config }) => config.entries().flatMap(look),
};
