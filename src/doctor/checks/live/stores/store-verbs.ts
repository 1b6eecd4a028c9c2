import type { Check } from '../../../check.ts';
import { ok, skip, warn, type Finding } from '../../../finding.ts';
import { failWith } from '../../../live/fail-with.ts';
import { judgeRoots, ROOTS_MS, toldElsewhere, troubleKind } from '../../../live/judge-roots.ts';
import type { Tried, Verb } from '../../../live/probe-verbs.ts';
import type { RootSurvey } from '../../../live/survey-roots.ts';

/** Without these nothing is lost: gc cannot collect, and what was given up stays and is billed. */
const MINOR: ReadonlySet<Verb> = new Set<Verb>(['delete', 'multipart abort']);

function complain({ verb, failure }: Tried, uri: string): readonly Finding[] {
  if (!failure) return [];
  if (troubleKind(failure) === 'ftp') return [toldElsewhere(failure, uri)];
  const what = failure.kind === 'denied' ? `${verb} is denied` : `${verb} does not work`;
  const usual = `allow ${verb} there, then run mlstow doctor again`;
  if (MINOR.has(verb)) return [warn(`${what}: ${failure.message}`, failure.facts.hint ?? usual, uri)];
  const told = failWith(failure, usual, uri);
  return [{ ...told, evidence: `${what}: ${told.evidence}` }];
}

function judge({ root, tried, trouble }: RootSurvey): readonly Finding[] {
  const { uri } = root;
  if (trouble) return [toldElsewhere(trouble, uri)];
  if (tried.length === 0) return [skip('nothing is there yet, and no probe is written before', uri)];
  const bad = tried.flatMap((each) => complain(each, uri));
  const verbs = tried.filter(({ failure }) => !failure).map(({ verb }) => verb);
  return bad.length > 0 ? bad : [ok(`allowed: ${verbs.join(', ')}`, uri)];
}

export const storeVerbs: Check = {
  id: 'D23',
  name: 'store-verbs',
  area: 'stores',
  title: 'Everything that artifacts need is allowed at every root',
  explain:
    'A probe of 1 MiB with a random name is listed, written, read, read in part and deleted again, and an upload in parts is begun and given up. AccessDenied on one of them alone comes from a policy that forgot it: without list an artifact is there and nobody sees it, without delete gc frees nothing, without abort unfinished uploads are billed for ever. Where deleting is denied no probe is written. With --read-only only listing is tried.',
  network: true,
  needs: ['roots'],
  timeoutMs: ROOTS_MS,
  run: async (context, io) => judgeRoots(context, io, judge),
};
