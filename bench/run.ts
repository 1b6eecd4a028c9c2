/**
 * Measures mlstow beside its peers: `npm run bench -- [workload] [--rounds N]`. Prints a table and writes JSON to
 * bench/results/. The beds install what is missing.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startUp, type Result } from './start-up.ts';

const WORKLOADS: Readonly<Record<string, (rounds: number) => Promise<readonly Result[]>>> = {
  'start-up': startUp,
};

function row({ workload, costs }: Result, name: string): string {
  const cost = costs[name];
  const mlflow = costs['mlflow'];
  const node = costs['node'];
  if (!cost || !mlflow || !node) throw new Error(`no figures for ${name}`);
  const cells = [
    workload,
    name,
    cost.wallMs.toFixed(0),
    cost.cpuMs.toFixed(0),
    (cost.peakBytes / 1024 ** 2).toFixed(0),
    (cost.wallMs / node.wallMs).toFixed(2),
    (mlflow.wallMs / cost.wallMs).toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '10' } },
  allowPositionals: true,
});
const chosen = positionals.length > 0 ? positionals : Object.keys(WORKLOADS);
const results: Result[] = [];
for (const name of chosen) {
  const workload = WORKLOADS[name];
  if (!workload)
    throw new Error(`there is no workload ${name}; there are ${Object.keys(WORKLOADS).join(', ')}`);
  results.push(...(await workload(Number(values.rounds))));
}
const head = [
  '| workload | command | wall ms | CPU ms | peak MiB | × node | × faster than mlflow |',
  '|---|---|---|---|---|---|---|',
];
const rows = results.flatMap((result) => Object.keys(result.costs).map((name) => row(result, name)));
process.stdout.write(`${[...head, ...rows].join('\n')}\n`);
const folder = join(import.meta.dirname, 'results');
await mkdir(folder, { recursive: true });
await writeFile(
  join(folder, `${chosen.join('-')}.json`),
  `${JSON.stringify({ node: process.version, results }, null, 2)}\n`,
);
