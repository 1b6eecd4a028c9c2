import type { Candidate, Wanted } from '../../session/completion/find-candidates.ts';
import type { Session } from '../../session/session.ts';
import { command, type Command, type Completes, type View } from '../command.ts';
import type { Invocation } from '../parse/invocation.ts';
import { readAsked, type AskedWord } from './asked.ts';

/** The words that shells put before a half-typed command line: what is known now, and a look for the next time. */
export const COMPLETE = '__complete';
const LOOK_AGAIN = '__look-again';

const WANTED: Readonly<Record<Completes, Pick<Wanted, 'what' | 'view'>>> = {
  'experiment-id': { what: 'experiment-ids', view: 'active_only' },
  'deleted-experiment-id': { what: 'experiment-ids', view: 'deleted_only' },
  'experiment-name': { what: 'experiment-names', view: 'active_only' },
  'run-id': { what: 'run-ids', view: 'active_only' },
  'deleted-run-id': { what: 'run-ids', view: 'deleted_only' },
  'artifact-path': { what: 'artifact-paths', view: 'all' },
  target: { what: 'run-ids', view: 'active_only' },
};
const NAMED = 'experiment:';

interface Question {
  readonly wanted: Wanted;
  /** Stands before each candidate. */
  readonly before: string;
  /** Offered besides what is found. */
  readonly more: readonly Candidate[];
}

function questionOf({ completes, typed, before, values }: AskedWord, session: Session): Question {
  const wanted = {
    ...WANTED[completes],
    experimentId: session.config.get('tracking.experimentId'),
    runId: values['runId'] ?? session.config.get('tracking.runId'),
    folder: completes === 'artifact-path' ? typed.slice(0, Math.max(0, typed.lastIndexOf('/'))) : '',
  };
  if (completes !== 'target') return { wanted, before, more: [] };
  if (!typed.startsWith(NAMED)) return { wanted, before, more: [{ value: NAMED, help: 'by its name' }] };
  return { wanted: { ...wanted, what: 'experiment-names' }, before: `${before}${NAMED}`, more: [] };
}

// eslint-disable-next-line no-control-regex -- what a terminal would act on is not offered
const ACTS = /[\u0000-\u001F\u007F]/;

function linesOf(found: readonly Candidate[], { before, more }: Question, word: string): readonly string[] {
  return [...found, ...more]
    .map(({ value, help }) => ({ word: `${before}${value}`, help }))
    .filter((each) => each.word.startsWith(word) && !ACTS.test(each.word))
    .map((each) =>
      each.help === '' || ACTS.test(each.help) ? `${each.word}\n` : `${each.word}\t${each.help}\n`,
    );
}

const NOTHING: View = { text: () => [] };

function completeCommand(asked: AskedWord | undefined, words: readonly string[], again: boolean): Command {
  return command({
    name: COMPLETE,
    summary: 'Tell a shell what a word may be.',
    options: {},
    async run(session): Promise<View> {
      if (!asked) return NOTHING;
      const { askRecords } = await import('../../session/completion/ask-records.ts');
      const question = questionOf(asked, session);
      const { quickly, patiently } = await askRecords(session, question.wanted);
      const inBackground = async () => session.world.inBackground([LOOK_AGAIN, ...words]);
      const found = again ? await patiently() : await quickly(inBackground);
      return { text: () => linesOf(found, question, `${asked.before}${asked.typed}`) };
    },
  });
}

/** The invocation that answers a shell, when the command line is one of those that the completion scripts send. */
export function completeInvocation(
  commands: readonly Command[],
  [first = '', ...words]: readonly string[],
): Invocation | undefined {
  if (first !== COMPLETE && first !== LOOK_AGAIN) return undefined;
  const asked = readAsked(commands, words);
  const made = completeCommand(asked, words, first === LOOK_AGAIN);
  return { command: made, operands: [], values: { noProgress: true }, flags: asked?.flags ?? {} };
}
