import { Failure } from '../../core/failure.ts';

function quotedKey(key: string): string {
  if (!key.includes('"')) return `"${key}"`;
  if (!key.includes('`')) return `\`${key}\``;
  const message = `tag ${JSON.stringify(key)} cannot be searched: MLflow has no quotes for it`;
  throw new Failure({ kind: 'invalid', message, subject: key });
}

/**
 * A filter for runs that carry a tag; it may let more through, so the answer is compared again. MLflow's filters have no
 * escape inside quotes (mlflow/utils/search_utils.py `_strip_quotes`): a value with both kinds of quotes is asked for
 * with LIKE, where `_` stands for any character.
 * @throws Failure invalid
 */
export function tagFilter(key: string, value: string): string {
  const tag = `tags.${quotedKey(key)}`;
  if (!value.includes("'")) return `${tag} = '${value}'`;
  if (!value.includes('"')) return `${tag} = "${value}"`;
  return `${tag} LIKE '${value.replace(/['\\]/g, '_')}'`;
}
