/**
 * Runs every test that proves an operation of a store on a real server, and keeps what passed in
 * docs/reference/conformance.json and docs/reference/stores.md. `npm run conformance -- sftp ftp` runs only the files
 * whose path holds one of these words; the rows of other files keep their results and their date.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rowsOf } from './conformance-rows.ts';
import { RESULTS, storesReference } from './conformance-reference.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const PROVING = /^\s*(artifactStoreConformance|await proves)\(/m;
/** Proves the suite itself, on no server. */
const NO_STORE = 'test/unit/artifacts/memory-store.test.ts';

const words = process.argv.slice(2);
const proving = readdirSync(join(root, 'test'), { recursive: true })
  .map((name) => join('test', name))
  .filter((name) => name.endsWith('.test.ts') && name !== NO_STORE)
  .filter((name) => PROVING.test(readFileSync(join(root, name), 'utf8')));
const files = proving.filter((name) => words.length === 0 || words.some((word) => name.includes(word)));
if (files.length === 0)
  throw new Error(`no test file that proves an operation has one of: ${words.join(' ')}`);

const commit = git('rev-parse', '--short', 'HEAD');
const isChanged = () => git('diff', '--name-only', commit, '--', 'src', 'test') !== '';
const before = isChanged();

const folder = mkdtempSync(join(tmpdir(), 'mlstow-conformance-'));
const outputFile = join(folder, 'report.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`];
const { status } = spawnSync('npx', ['vitest', 'run', ...reporters, ...files], {
  cwd: root,
  stdio: 'inherit',
});
const report = JSON.parse(readFileSync(outputFile, 'utf8'));
rmSync(folder, { recursive: true });

// Others may commit while it runs: what the commit does not hold counts as a change to it.
const stamp = {
  date: new Date().toISOString().slice(0, 10),
  commit: before || isChanged() ? `${commit}+` : commit,
};
const fresh = rowsOf(
  report.testResults.map((result) => ({ ...result, name: relative(root, result.name) })),
  stamp,
);
const results = join(root, RESULTS);
const known = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')).rows : [];
const kept = known.filter((row) =>
  row.files.every((file) => proving.includes(file) && !files.includes(file)),
);
const rows = [...kept, ...fresh].sort((a, b) =>
  [a.scheme, a.store, ...a.servers]
    .join(' ')
    .localeCompare([b.scheme, b.store, ...b.servers].join(' '), 'en'),
);
const lines = rows.map((row) => JSON.stringify(row)).join(',\n');
writeFileSync(results, `{ "rows": [\n${lines}\n] }\n`);
writeFileSync(join(root, 'docs/reference/stores.md'), storesReference());

const silent = files.filter((file) => !fresh.some((row) => row.files.includes(file)));
for (const file of silent) console.error(`${file} proved nothing in this run: its rows are gone`);
process.exitCode = status || (silent.length > 0 ? 1 : 0);
