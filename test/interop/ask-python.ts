import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bedFolder } from '../testbeds/bed.ts';
import { runPython } from '../testbeds/mlflow.ts';

const PREAMBLE = `
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    questions = json.load(file)
def told(answer):
    try:
        return {"value": answer()}
    except Exception as error:
        return {"error": str(error)}
`;

/** What a stock function gave, or the message of what it raised. */
export interface Told {
  readonly value?: unknown;
  readonly error?: string;
}

/**
 * Asks the stock MLflow many questions in one process. `body` reads `questions` and sets `answers`; `told(f)` calls f
 * and catches what it raises.
 */
export async function askPython(body: string, questions: unknown): Promise<readonly Told[]> {
  const dir = await bedFolder('questions');
  const file = join(dir, 'questions.json');
  await writeFile(file, JSON.stringify(questions));
  const script = `${PREAMBLE}${body}\nsys.stdout.write("\\n" + json.dumps(answers))`;
  const { code, stdout, stderr } = await runPython(script, [file]);
  await rm(dir, { recursive: true, force: true });
  if (code !== 0) throw new Error(`python ended with ${code}\n${stderr}`);
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1)) as readonly Told[];
}
