import { mustRunCli } from '../run-cli.ts';
import type { DoctorPlace, Environment } from './doctor-place.ts';

/** What a person puts in place of what a remedy leaves open: `/PATH/TO/FILE.pem`, `NAME`. */
export type Blanks = Readonly<Record<string, string>>;

function filled(remedy: string, blanks: Blanks): string {
  return Object.entries(blanks).reduce((text, [blank, value]) => text.replaceAll(blank, value), remedy);
}

/**
 * Does what a remedy says, as it is written, and gives the environment after it: `set A=b`, `set A and unset B` (A gets B's
 * value), `unset A`, and `mlstow …` commands. Of alternatives (`…, or …`) the first is taken. A remedy with nothing to
 * follow is an error.
 */
export async function followRemedy(
  remedy: string,
  env: Environment,
  place: DoctorPlace,
  blanks: Blanks,
): Promise<Environment> {
  const [text = ''] = filled(remedy, blanks).split(', or ');
  const after: Record<string, string> = { ...env };
  let steps = 0;
  for (const [, name = '', value = ''] of text.matchAll(/\bset ([A-Za-z]\w+)=('[^']*'|[^\s;]+)/g)) {
    after[name] = value.replace(/[,.;:]+$/, '').replace(/^'(.*)'$/, '$1');
    steps += 1;
  }
  for (const [, name = '', from = ''] of text.matchAll(/\bset (\w+) and unset (\w+)/g)) {
    after[name] = env[from] ?? '';
    steps += 1;
  }
  for (const [, command = ''] of text.matchAll(/\bmlstow (experiments [^;,]+?)(?=[;,]| and |$)/g)) {
    await mustRunCli(command.trim().split(' '), { ...place, env });
    steps += 1;
  }
  const gone = [...text.matchAll(/\bunset (\w+)/g)].map(([, name = '']) => name);
  if (steps + gone.length === 0) throw new Error(`nothing to follow in: ${remedy}`);
  return Object.fromEntries(Object.entries(after).filter(([name]) => !gone.includes(name)));
}
