import { Failure } from '../../../core/failure.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Check } from '../../../doctor/check.ts';
import type { Session } from '../../../session/session.ts';
import { command, flag, list, text, type AnyView, type Values, type View } from '../../command.ts';
import { PLACEMENT_OPTIONS, STORE_OPTIONS } from '../../global-options.ts';
import type { DoctorItem, DoctorSummary } from '../../output/doctor.ts';
import { coloursOf } from '../../render/colours.ts';
import { countLevels, doctorItems, doctorReport, explanationOf, explanationText } from './doctor-view.ts';

const OPTIONS = {
  offline: flag('--offline', 'look at the configuration only'),
  readOnly: flag('--read-only', 'write no probe anywhere'),
  createProbeRun: flag(
    '--create-probe-run',
    'make a run for the probes where there is none; it stays soft-deleted',
  ),
  strict: flag('--strict', 'fail on warnings too'),
  only: list('--only <id>', 'only this check and those that it needs (repeatable)'),
  ignore: list('--ignore <id>', 'not this check (repeatable)'),
  explain: text('--explain <id>', 'tell what a check is about, and run none'),
  artifactsDestination: text('--artifacts-destination <uri>', 'where the proxying server keeps its files', {
    setting: 'artifacts.destination',
  }),
  maskEnvs: flag('--mask-envs', 'as mlflow has it; secrets are always masked', { hidden: true }),
  ...PLACEMENT_OPTIONS,
  ...STORE_OPTIONS,
} as const;

type Chosen = Values<typeof OPTIONS>;

async function explainView(id: string): Promise<View> {
  const { findCheck } = await import('../../../doctor/select-checks.ts');
  const told = explanationOf(findCheck(id));
  return { data: () => ({ ...told }), text: () => explanationText(told) };
}

function failureOf(items: readonly DoctorItem[], strict: boolean): Failure | undefined {
  const bad = items.filter(({ level }) => level === 'fail' || (strict && level === 'warn'));
  const [first] = bad;
  if (!first) return undefined;
  const checks = new Set(bad.map(({ check }) => check));
  return new Failure({
    kind: 'misconfigured',
    message:
      checks.size === 1
        ? `the check ${first.check} (${first.name}) failed`
        : `${checks.size} checks failed: ${[...checks].join(', ')}`,
    hint: `mlstow doctor --explain ${first.check} tells more of ${checks.size === 1 ? 'it' : 'the first'}`,
    subject: 'doctor',
  });
}

async function allOf<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function report(
  session: Session,
  checks: readonly Check[],
  values: Chosen,
  target?: string,
): Promise<View<DoctorItem>> {
  const { examine } = await import('../../../session/doctor/examine.ts');
  const { offline, readOnly, createProbeRun, strict } = values;
  const trackingUri = redactUri(await session.trackingUri());
  const seen: DoctorItem[] = [];
  const items = async function* (): AsyncGenerator<DoctorItem> {
    const asked = { offline, readOnly, createProbeRun, ...(target === undefined ? {} : { target }) };
    for await (const outcome of examine(session, checks, asked)) {
      for (const item of doctorItems(outcome)) {
        seen.push(item);
        yield item;
      }
    }
  };
  const told = target === undefined ? {} : { target: redactUri(target) };
  return {
    items: items(),
    data: () => ({
      ...({ tracking_uri: trackingUri, ...told, counts: countLevels(seen) } satisfies DoctorSummary),
    }),
    text: async function* (found) {
      const { verbose } = session;
      const options = { verbose, where: trackingUri, colours: coloursOf(session) };
      yield* doctorReport(await allOf(found), options);
    },
    quiet: async function* (found) {
      await allOf(found);
      yield '';
    },
    failure: () => failureOf(seen, strict),
  };
}

export const doctor = command({
  name: 'doctor',
  summary: 'Find what would lose an artifact before it is lost, and say what to type.',
  examples: [
    'mlstow doctor',
    'mlstow doctor --offline --strict',
    'mlstow doctor experiment:churn --read-only',
    'mlstow doctor --explain D26',
  ],
  arguments: [
    {
      name: '[target]',
      help: 'a run id, experiment:NAME or a URI; everything in use unless given',
      completes: 'target',
    },
  ],
  options: OPTIONS,
  judgesSettings: true,
  async run(session, values, [target]): Promise<AnyView> {
    if (values.explain !== undefined) return explainView(values.explain);
    const { selectChecks } = await import('../../../doctor/select-checks.ts');
    return report(session, selectChecks(values.only, values.ignore), values, target);
  },
});
