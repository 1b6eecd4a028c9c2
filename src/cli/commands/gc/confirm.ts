import { createInterface } from 'node:readline';
import { Failure } from '../../../core/failure.ts';
import { createCounter } from '../../../gc/tally.ts';
import type { Garbage } from '../../../session/gc/garbage.ts';
import type { Session } from '../../../session/session.ts';
import { wentOf } from './gc-summary.ts';
import { gcItem, gcLine } from './gc-view.ts';

/** Lines of the plan that are shown before the question. */
const SHOWN = 40;

/** What was typed; `stopped` is Ctrl-C, `silent` Ctrl-D. */
type Answer = 'yes' | 'no' | 'stopped' | 'silent';

/** Asks on stderr, whose line is ended however the question ends. @throws the reason of an abort */
async function ask({ world, io }: Session, question: string): Promise<Answer> {
  const { stderr, stdin } = world;
  io.signal.throwIfAborted();
  const asking = createInterface({ input: stdin, output: stderr });
  let answer: Answer | undefined;
  try {
    answer = await new Promise<Answer>((resolve, reject) => {
      io.signal.addEventListener('abort', () => reject(io.signal.reason as Error), { once: true });
      asking.once('SIGINT', () => resolve('stopped'));
      asking.once('close', () => resolve('silent'));
      asking.question(question, (text) => resolve(/^y(es)?$/i.test(text.trim()) ? 'yes' : 'no'));
    });
    return answer;
  } finally {
    if (answer !== 'yes' && answer !== 'no') stderr.write('\n');
    asking.close();
  }
}

const REFUSALS = {
  no: { kind: 'refused', message: 'nothing was deleted: the answer was not yes' },
  silent: { kind: 'refused', message: 'nothing was deleted: nobody answered' },
  stopped: { kind: 'cancelled', message: 'stopped before anything was deleted' },
} as const;

/** Shows the plan on stderr and asks. @throws Failure refused unless the answer is yes; cancelled on Ctrl-C */
export async function confirm(session: Session, garbage: Garbage): Promise<void> {
  const { stderr } = session.world;
  let count = 0;
  const counter = createCounter();
  for await (const outcome of garbage.planned()) {
    count += 1;
    counter.count(outcome);
    if (count <= SHOWN) stderr.write(gcLine(gcItem(outcome), true));
  }
  if (count > SHOWN) stderr.write(`… and ${count - SHOWN} more; --dry-run shows all\n`);
  const what = wentOf(garbage.mode, counter.tally, true);
  const answer = await ask(session, `Delete ${what} in ${garbage.label}, with all files, for good? [y/N] `);
  if (answer !== 'yes') throw new Failure({ ...REFUSALS[answer], subject: 'gc' });
}
