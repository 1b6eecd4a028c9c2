/** Runs the main job on the embedded default, in a fresh folder: each command, then its output. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const command = fileURLToPath(new URL('../bin/mlstow.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mlstow-quickstart-'));
// The embedded default, whatever this shell is set to.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(MLFLOW|MLSTOW|AIRFLOW_CTX)_/.test(name)),
);

/** Runs mlstow, shows it as typed, and gives what it printed. */
function mlstow(typed, { as, words = typed.split(' ') } = {}) {
  console.log(`\n$ ${as ?? `mlstow ${typed}`}`);
  const { status, stdout } = spawnSync(process.execPath, [command, ...words], {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.stdout.write(stdout);
  if (status !== 0) throw new Error(`mlstow ${typed} ended with exit code ${status}`);
  return stdout.trim();
}

function sameFiles(one, other) {
  const names = readdirSync(one);
  return (
    names.length > 0 &&
    names.every((name) => readFileSync(join(one, name)).equals(readFileSync(join(other, name))))
  );
}

try {
  mkdirSync(join(folder, 'model'));
  writeFileSync(join(folder, 'model', 'weights.bin'), 'weights of a small model\n');
  writeFileSync(join(folder, 'model', 'MLmodel'), 'flavors:\n  python_function:\n');

  mlstow('experiments create -n quickstart');
  const create = 'runs create --experiment-name quickstart --status running -q';
  const run = mlstow(create, { as: `run=$(mlstow ${create}); echo $run` });
  mlstow(`artifacts log model -r ${run}`);
  mlstow(`artifacts list -r ${run} -R`);
  mlstow(`runs finish --run-id ${run}`);
  mlstow(`artifacts download -r ${run} -d out`);
  mlstow(`resolve ${run}`);
  if (!sameFiles(join(folder, 'model'), join(folder, 'out', 'model')))
    throw new Error('what came back differs');
  console.log('\nWhat was downloaded is what was logged.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
