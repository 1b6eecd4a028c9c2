import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { makeWorkspace } from './workspace.ts';

it('reads files in a bundle, too, where packages are imported on demand', async () => {
  const space = await makeWorkspace();
  await space.write('project/mlstow.config.yaml', 's3.region: eu');
  const entry = await space.write(
    'entry.ts',
    `import { loadConfig } from ${JSON.stringify(join(process.cwd(), 'src/config/resolve.ts'))};
const [cwd = '', home = ''] = process.argv.slice(2);
const config = await loadConfig({ flags: {}, env: {}, cwd, home });
console.log(JSON.stringify(config.resolved('s3.region')));`,
  );
  await build({
    entryPoints: [entry],
    outdir: join(space.root, 'out'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    external: ['typescript'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'silent',
  });
  const bundle = join(space.root, 'out/entry.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [bundle, space.project, space.home]);
  expect(JSON.parse(stdout)).toMatchObject({ value: 'eu', origin: { from: 'file', line: 1 } });
});
