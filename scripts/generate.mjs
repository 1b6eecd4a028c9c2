/**
 * Writes every page that is generated from declarations in src/. `--check` writes nothing and exits 1 when a committed
 * page is not what would be written.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A page, and the exported function without arguments that gives its text. */
const PAGES = [
  { file: 'docs/reference/settings.md', module: 'src/config/reference.ts', render: 'settingsReference' },
  { file: 'docs/reference/checks.md', module: 'src/doctor/reference.ts', render: 'checksReference' },
  { file: 'docs/reference/output.md', module: 'scripts/output-reference.mjs', render: 'outputReference' },
  { file: 'docs/reference/stores.md', module: 'scripts/conformance-reference.ts', render: 'storesReference' },
  { file: 'completions/mlstow.bash', module: 'scripts/completions.ts', render: 'bash' },
  { file: 'completions/_mlstow', module: 'scripts/completions.ts', render: 'zsh' },
  { file: 'completions/mlstow.fish', module: 'scripts/completions.ts', render: 'fish' },
];

const root = new URL('../', import.meta.url);

function current(file) {
  try {
    return readFileSync(new URL(file, root), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const check = process.argv.includes('--check');
for (const { file, module, render } of PAGES) {
  const text = (await import(new URL(module, root)))[render]();
  if (current(file) === text) continue;
  if (check) {
    console.error(`${file} is not what its declarations say: run npm run generate`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(fileURLToPath(new URL(file, root))), { recursive: true });
    writeFileSync(new URL(file, root), text);
    console.error(`wrote ${file}`);
  }
}
