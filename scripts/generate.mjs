/**
 * Writes every page that is generated from declarations in src/. `--check` writes nothing and exits 1 when a committed
 * page is not what would be written.
 */
import { build } from 'esbuild';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A page, and the exported function without arguments that gives its text. */
const PAGES = [
  { file: 'docs/reference/settings.md', module: 'src/config/reference.ts', render: 'settingsReference' },
  { file: 'docs/reference/output.md', module: 'scripts/output-reference.mjs', render: 'outputReference' },
  { file: 'completions/mlstow.bash', module: 'scripts/completions.ts', render: 'bash' },
  { file: 'completions/_mlstow', module: 'scripts/completions.ts', render: 'zsh' },
  { file: 'completions/mlstow.fish', module: 'scripts/completions.ts', render: 'fish' },
];

const root = new URL('../', import.meta.url);

/** Node 20 runs no TypeScript: bundle it, next to node_modules so that packages are found. */
async function load(module) {
  const outfile = fileURLToPath(new URL(`node_modules/.cache/mlstow/generate-${process.pid}.mjs`, root));
  await build({
    entryPoints: [fileURLToPath(new URL(module, root))],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  });
  try {
    return await import(`${outfile}?${module}`);
  } finally {
    rmSync(outfile);
  }
}

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
  const text = await (await load(module))[render]();
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
