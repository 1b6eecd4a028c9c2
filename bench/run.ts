/**
 * Measures mlstow beside its peers; `npm run bench -- --help` tells how. Prints the figures and what they say of the
 * goals, and writes JSON to bench/results/. The beds install what is missing.
 */
import { rmSync } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBench, type Bench } from './bench.ts';
import { readChoices, usage, type Asked } from './choices.ts';
import type { Cost } from './measure.ts';
import type { Result } from './result.ts';
import { figuresTable, goalsTable } from './table.ts';
import { WORKLOADS } from './workloads/index.ts';

const MEMORY = '/dev/shm';

/** A new folder, removed however this process ends. */
async function scratchFolder(dir: string | undefined): Promise<string> {
  const usual = await access(MEMORY).then(
    () => MEMORY,
    () => tmpdir(),
  );
  const scratch = await mkdtemp(join(dir ?? usual, 'mlstow-bench-'));
  // Servers that run without rights pass through it.
  await chmod(scratch, 0o711);
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130));
  // Beds keep their data below the temporary folder.
  process.env['TMPDIR'] = scratch;
  return scratch;
}

function tell(name: string, { wallMs, cpuMs, peakBytes }: Cost): void {
  const [wall, cpu] = [wallMs, cpuMs].map((ms) => `${(ms / 1000).toFixed(2)} s`);
  process.stderr.write(
    `  ${name.padEnd(12)}wall ${wall}, CPU ${cpu}, ${(peakBytes / 1024 ** 2).toFixed(0)} MiB\n`,
  );
}

/** Runs workloads one after the other; one that fails never stops the others. */
async function runAll(bench: Bench, names: readonly string[]): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const name of names) {
    const workload = WORKLOADS[name];
    if (!workload) continue;
    process.stderr.write(`${name}: ${workload.what}\n`);
    try {
      results.push(...(await workload.run(bench)));
    } catch (thrown) {
      process.stderr.write(`${name} failed: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
      process.exitCode = 1;
    }
  }
  return results;
}

async function keep(asked: Asked, results: readonly Result[], load: readonly number[]): Promise<void> {
  const folder = join(import.meta.dirname, 'results');
  await mkdir(folder, { recursive: true });
  const every = asked.workloads.length === Object.keys(WORKLOADS).length;
  const parts = [
    every ? 'all' : asked.workloads.join('-'),
    ...(asked.latencyMs > 0 ? [`${asked.latencyMs}ms`] : []),
  ];
  const facts = {
    date: new Date().toISOString(),
    node: process.version,
    cores: cpus().length,
    load: { before: load, after: loadavg() },
    asked,
  };
  await writeFile(
    join(folder, `${parts.join('-')}.json`),
    `${JSON.stringify({ ...facts, results }, null, 2)}\n`,
  );
}

const asked = readChoices(process.argv.slice(2));
if (asked === undefined) {
  process.stdout.write(usage());
} else {
  const load = loadavg();
  const rounds = { pairs: asked.pairs, warmUp: asked.warmUp, told: tell };
  const bench = await createBench(await scratchFolder(asked.dir), asked, rounds);
  const results = await runAll(bench, asked.workloads);
  await keep(asked, results, load);
  const [before, after] = [load, loadavg()].map(([one = 0]) => one.toFixed(1));
  process.stdout.write(`${figuresTable(results)}\n\n${goalsTable(results)}\n\n`);
  process.stdout.write(`Load of the machine: ${before} before, ${after} after.\n`);
}
