/**
 * Runs the tests that have a soak form (full counts, sizes and fuzz times, chosen by MLSTOW_SOAK) and writes what came of
 * it to docs/soak.md. `npm run test:soak -- sftp local` runs only the files whose path holds one of these words; what is
 * known of the others stays.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

/** Beds of the conformance suite that also run its large cases: a real folder and a strict server. */
const SUITE_BEDS = [
  'test/unit/artifacts/local/local-store.test.ts',
  'test/conformance/artifact-store/s3-minio.test.ts',
];

const words = process.argv.slice(2);
const files = readdirSync(join(root, 'test'), { recursive: true })
  .map((name) => join('test', name))
  .filter((name) => name.endsWith('.test.ts'))
  .filter(
    (name) => SUITE_BEDS.includes(name) || readFileSync(join(root, name), 'utf8').includes('MLSTOW_SOAK'),
  )
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)));

const folder = mkdtempSync(join(tmpdir(), 'mlstow-soak-'));
const outputFile = join(folder, 'soak.json');
const { status } = spawnSync(
  'npx',
  ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`, ...files],
  { cwd: root, stdio: 'inherit', env: { ...process.env, MLSTOW_SOAK: '1' } },
);
const report = JSON.parse(readFileSync(outputFile, 'utf8'));
rmSync(folder, { recursive: true });

const page = join(root, 'docs/soak.md');
const dirty = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ', changed';
const commit = `${git('rev-parse', '--short', 'HEAD')}${dirty}`;
const day = new Date().toISOString().slice(0, 10);
const earlier = existsSync(page) ? readFileSync(page, 'utf8').split('\n') : [];
const rows = new Map(
  earlier.flatMap((line) => (line.startsWith('| test/') ? [[line.split(' ')[1], line]] : [])),
);
for (const { name, assertionResults, startTime, endTime } of report.testResults) {
  const file = relative(root, name);
  const passed = assertionResults.filter((result) => result.status === 'passed').length;
  const facts = [passed, assertionResults.length - passed, ((endTime - startTime) / 1000).toFixed(0)];
  rows.set(file, `| ${[file, ...facts, day, commit].join(' | ')} |`);
}
writeFileSync(
  page,
  `# Last soak runs

What came of \`npm run test:soak\` the last time each file was run: full counts, Node ${process.version}, ${cpus().length} cores.

| file | passed | failed | seconds | date | commit |
|---|---|---|---|---|---|
${[...rows.values()].sort().join('\n')}
`,
);
process.exitCode = status ?? 1;
