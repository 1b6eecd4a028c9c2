import { parseArtifactPath, type Under } from '../artifact-path.ts';
import type { Location, Scheme } from './location.ts';
import { malformed } from './malformed.ts';

/** `runs:/<run_id>[/<path>]`. */
export interface RunsParts {
  readonly runId: string;
  readonly path: Under;
}

/** What a `models:` URI names, and an artifact path below it. */
export type ModelsParts = { readonly path: Under } & (
  | { readonly kind: 'id'; readonly modelId: string }
  | { readonly kind: 'version'; readonly name: string; readonly version: string }
  | { readonly kind: 'latest'; readonly name: string }
  | { readonly kind: 'stage'; readonly name: string; readonly stage: string }
  | { readonly kind: 'alias'; readonly name: string; readonly alias: string }
);

const RUNS_FORM = 'write runs:/<run_id> or runs:/<run_id>/path/to/artifact';
const MODELS_FORM =
  'write models:/<model_id>, models:/<name>/<version>, models:/<name>/latest, models:/<name>/<stage> or models:/<name>@<alias>';

function restOf(segments: readonly string[]): Under {
  return segments.length === 0 ? '' : parseArtifactPath(segments.join('/'));
}

/**
 * The run and the path below its artifact root.
 * @throws Failure invalid
 * @see mlflow/store/artifact/runs_artifact_repo.py `parse_runs_uri`
 */
export function runsParts(location: Pick<Location, 'path' | 'redacted'>): RunsParts {
  const [runId = '', ...rest] = location.path.split('/');
  if (runId.trim() === '') throw malformed(location.redacted, 'it names no run', RUNS_FORM);
  return { runId, path: restOf(rest) };
}

function suffixParts(name: string, suffix: string, path: Under): ModelsParts {
  if (/^\d+$/.test(suffix)) return { kind: 'version', name, version: suffix, path };
  if (suffix.toLowerCase() === 'latest') return { kind: 'latest', name, path };
  return { kind: 'stage', name, stage: suffix, path };
}

/**
 * The model and the path below its artifacts. Two segments are always name and version (or stage), so a path below a
 * model id cannot be written, as in MLflow.
 * @throws Failure invalid
 * @see mlflow/store/artifact/utils/models.py `_parse_model_uri`, models_artifact_repo.py `split_models_uri`
 */
export function modelsParts(location: Pick<Location, 'path' | 'redacted'>): ModelsParts {
  const [first = '', ...others] = location.path.split('/');
  if (first.trim() === '') throw malformed(location.redacted, 'it names no model', MODELS_FORM);
  const at = first.lastIndexOf('@');
  if (at >= 0) {
    const [name, alias] = [first.slice(0, at), first.slice(at + 1)];
    if (name.trim() === '' || alias.trim() === '') {
      throw malformed(location.redacted, 'its name or alias is empty', MODELS_FORM);
    }
    return { kind: 'alias', name, alias, path: restOf(others) };
  }
  const [suffix, ...rest] = others;
  if (suffix === undefined) return { kind: 'id', modelId: first, path: '' };
  if (suffix.trim() === '') throw malformed(location.redacted, 'its version is empty', MODELS_FORM);
  return suffixParts(first, suffix, restOf(rest));
}

/**
 * Refuses a `runs:` or `models:` URI that names nothing.
 * @throws Failure invalid
 */
export function checkReference(uri: string, scheme: Scheme, path: string): void {
  if (scheme === 'runs') runsParts({ path, redacted: uri });
  if (scheme === 'models') modelsParts({ path, redacted: uri });
}
