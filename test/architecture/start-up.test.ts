import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, it } from 'vitest';

/** The files that a bundle file loads before it runs: its static imports, and theirs. */
function loadedAtStart(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  for (const [, target = ''] of text.matchAll(/^(?:import|export)\b[^;]*?["'](\.[^"']+)["'];/gm)) {
    loadedAtStart(resolve(dirname(file), target), seen);
  }
  return seen;
}

it('loads no SDK, no SQL and no YAML before a command needs them', () => {
  const files = [...loadedAtStart(join(process.cwd(), 'dist/main.js'))];
  const packages = new Set(
    files
      .flatMap((file) => [
        ...readFileSync(file, 'utf8').matchAll(/^\/\/ node_modules\/((?:@[^/]+\/)?[^/]+)\//gm),
      ])
      .map(([, name]) => name),
  );
  expect([...packages]).toEqual(['commander']);
});
