import type { Io } from '../../../core/io.ts';
import { codeOf } from './failures.ts';
import { folderOf, type Root } from './root.ts';
import { childrenOf, textOf, type Element } from './xml.ts';

/** What servers answer that have no such rules. */
const NO_RULES = new Set(['NoSuchLifecycleConfiguration', 'NotImplemented']);

/** The prefix that a rule is for; undefined when it asks for more than that (a tag, a size). */
function prefixOf(rule: Element): string | undefined {
  const [filter] = childrenOf(rule, 'Filter');
  if (filter === undefined || filter === '') return textOf(rule, 'Prefix') ?? '';
  if (typeof filter === 'string') return '';
  const [and] = childrenOf(filter, 'And');
  const names = Object.keys(typeof and === 'object' ? and : filter);
  return names.every((name) => name === 'Prefix') ? (textOf(and ?? filter, 'Prefix') ?? '') : undefined;
}

function removesVersions(rule: Element, folder: string): boolean {
  const prefix = prefixOf(rule);
  return (
    textOf(rule, 'Status') === 'Enabled' &&
    childrenOf(rule, 'NoncurrentVersionExpiration').length > 0 &&
    prefix !== undefined &&
    folder.startsWith(prefix)
  );
}

/**
 * Whether a rule of the bucket removes all older versions below the root after some time:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html
 */
export async function versionsExpire(root: Root, io: Io): Promise<boolean> {
  const doing = 'ask for the lifecycle rules of';
  try {
    const answer = await root.client.ask(
      { method: 'GET', doing, subject: root.label, query: { lifecycle: '' } },
      io,
    );
    const folder = folderOf(root, '');
    return childrenOf(answer, 'Rule').some((rule) => removesVersions(rule, folder));
  } catch (thrown) {
    if (NO_RULES.has(codeOf(thrown) ?? '')) return false;
    throw thrown;
  }
}
