import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runPython } from '../testbeds/mlflow.ts';
import type { Configuration } from './configurations.ts';

const PRELUDE = `
import json, os, sys
import mlflow
from mlflow import MlflowClient
with open(sys.argv[1], encoding="utf-8") as file:
    asked = json.load(file)
client = MlflowClient()

def told(answer):
    try:
        return {"value": answer()}
    except Exception as error:
        return {"error": str(error) or type(error).__name__}

def sizes(run_id, path=None):
    found = {}
    for info in client.list_artifacts(run_id, path):
        found[info.path] = -1 if info.is_dir else info.file_size or 0
        if info.is_dir:
            found.update(sizes(run_id, info.path))
    return found
`;

/**
 * Runs Python in one process of the stock client, as a user of a configuration would. The script finds its input in
 * `asked`, has `client`, `told` and `sizes`, and leaves its answer in `answer`.
 */
export async function askStock<T>(
  { dir, env }: Pick<Configuration, 'dir' | 'env'>,
  script: string,
  asked: unknown,
): Promise<T> {
  const file = join(dir, 'asked.json');
  await writeFile(file, JSON.stringify(asked));
  const whole = `${PRELUDE}\n${script}\nsys.stdout.write("\\n" + json.dumps(answer))\n`;
  const { code, stdout, stderr } = await runPython(
    whole,
    [file],
    { MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false', ...env },
    dir,
  );
  if (code !== 0) throw new Error(`the stock client ended with ${code}\n${stderr}`);
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1)) as T;
}
