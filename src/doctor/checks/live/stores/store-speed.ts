import { formatBytes } from '../../../../core/bytes.ts';
import type { Check } from '../../../check.ts';
import { ok, skip, type Finding } from '../../../finding.ts';
import { judgeRoots, ROOTS_MS, toldElsewhere } from '../../../live/judge-roots.ts';
import type { Tried } from '../../../live/probe-verbs.ts';
import type { RootSurvey } from '../../../live/survey-roots.ts';

/** Bytes per second; what a small request takes is no part of it. */
function rateOf({ bytes = 0, tookMs }: Tried, latencyMs: number): string {
  const seconds = Math.max(1, tookMs - latencyMs) / 1000;
  return `${formatBytes(Math.round(bytes / seconds))}/s`;
}

function judge({ root, tried, trouble }: RootSurvey): readonly Finding[] {
  const { uri } = root;
  if (trouble) return [toldElsewhere(trouble, uri)];
  const went = (verb: Tried['verb']): Tried | undefined =>
    tried.find((each) => each.verb === verb && !each.failure);
  const [small, put, get] = [went('list'), went('put'), went('get')];
  if (!small) return [skip('nothing could be timed', uri)];
  const latency = small.tookMs;
  const rates = [
    ...(put ? [`${rateOf(put, latency)} up`] : []),
    ...(get ? [`${rateOf(get, latency)} down`] : []),
  ];
  const roughly = rates.length === 0 ? '' : `, roughly ${rates.join(' and ')}`;
  return [ok(`a listing takes ${Math.round(latency)} ms${roughly}`, uri)];
}

export const storeSpeed: Check = {
  id: 'D76',
  name: 'store-speed',
  area: 'stores',
  title: 'How fast each root answers, and roughly how fast bytes move',
  explain:
    'The time of the first listing and the rate of one probe of 1 MiB in each direction, measured while all other checks run: a first look, no benchmark. It never warns. With --read-only only the listing is timed; --verbose shows the figures.',
  network: true,
  needs: ['roots'],
  timeoutMs: ROOTS_MS,
  run: async (context, io) => judgeRoots(context, io, judge),
};
