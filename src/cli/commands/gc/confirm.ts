import { createInterface } from 'node:readline/promises';
import { Failure } from '../../../core/failure.ts';
import type { Garbage } from '../../../session/gc/garbage.ts';
import type { Session } from '../../../session/session.ts';
import { gcItem, gcLine } from './gc-view.ts';

/** Lines of the plan that are shown before the question. */
const SHOWN = 40;

/** Shows the plan on stderr and asks. @throws Failure refused unless the answer is yes */
export async function confirm(session: Session, garbage: Garbage): Promise<void> {
  const { stderr, stdin } = session.world;
  let count = 0;
  for await (const outcome of garbage.planned()) {
    count += 1;
    if (count <= SHOWN) stderr.write(gcLine(gcItem(outcome), true));
  }
  if (count > SHOWN) stderr.write(`… and ${count - SHOWN} more; --dry-run shows all\n`);
  const asking = createInterface({ input: stdin, output: stderr });
  try {
    const rows = garbage.going === 1 ? '1 row' : `${garbage.going} rows`;
    const question = `Delete ${rows} in ${garbage.label}, with all files, for good? [y/N] `;
    const answer = await asking.question(question, { signal: session.io.signal });
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    asking.close();
  }
  throw new Failure({
    kind: 'refused',
    message: 'nothing was deleted: the answer was not yes',
    subject: 'gc',
  });
}
