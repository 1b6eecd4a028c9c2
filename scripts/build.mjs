/** Bundles src/main.ts into chunks, so that start-up reads no SDK before a command needs one, and few files. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = `${root}src/main.ts`;
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

let startUp;

/** All that is read before the command is known. */
function startUpModules(context) {
  const found = new Set(context.getModuleInfo(main).importedIds);
  for (const id of found) for (const next of context.getModuleInfo(id)?.importedIds ?? []) found.add(next);
  return found;
}

// The entry stays out of the groups: chunks that it waits for import them, and would wait for it.
const groups = [
  {
    debugName: 'start-up',
    name: (id, context) => ((startUp ??= startUpModules(context)).has(id) ? 'start-up' : null),
    priority: 1,
  },
  // What most commands need, in one file: each file costs a millisecond.
  { name: 'shared', test: (id) => id.startsWith(`${root}src/`) && id !== main, minShareCount: 5 },
];

await build({
  input: main,
  platform: 'node',
  // Native add-on with its own loader; cosmiconfig's optional TypeScript loader, which we never use.
  external: ['@photostructure/sqlite', 'ssh2', 'typescript'],
  // The ES modules of packages that have both: they can be split, shaken, and keep their named exports.
  resolve: { mainFields: ['module', 'main'] },
  transform: { target: 'node20.19', define: { __MLSTOW_VERSION__: JSON.stringify(version) } },
  preserveEntrySignatures: false,
  logLevel: 'warn',
  output: {
    dir: `${root}dist`,
    cleanDir: true,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    comments: { jsdoc: false },
    codeSplitting: { includeDependenciesRecursively: false, groups },
  },
});
