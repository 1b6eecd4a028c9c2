import { didYouMean } from '../config/did-you-mean.ts';
import { Failure } from '../core/failure.ts';
import { isPiece, type Check } from './check.ts';
import { CHECKS } from './checks/index.ts';

/** The check that a person means: its id in any case, or its name. @throws Failure usage when there is none */
export function findCheck(text: string): Check {
  const found = CHECKS.find(({ id, name }) => id === text.toUpperCase() || name === text.toLowerCase());
  if (found) return found;
  const near = didYouMean(
    text,
    CHECKS.flatMap(({ id, name }) => [id, name]),
  );
  throw new Failure({
    kind: 'usage',
    message: `there is no check ${JSON.stringify(text)}`,
    hint: near === undefined ? 'mlstow doctor --offline --verbose lists them' : `did you mean ${near}?`,
    subject: 'command line',
  });
}

/**
 * The checks to run: all, or those of `only` with the ones that they need; without those of `ignore`.
 * @throws Failure usage for an unknown one
 */
export function selectChecks(only: readonly string[], ignore: readonly string[]): readonly Check[] {
  const wanted = new Set<Check>();
  const want = (check: Check): void => {
    wanted.add(check);
    for (const need of check.needs) if (!isPiece(need)) want(findCheck(need));
  };
  for (const text of only) want(findCheck(text));
  const ignored = new Set(ignore.map(findCheck));
  return CHECKS.filter((check) => (only.length === 0 || wanted.has(check)) && !ignored.has(check));
}
