import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('every generated page is what its declarations say', async () => {
  const { stderr } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    'scripts/generate.mjs',
    '--check',
  ]);
  expect(stderr).toBe('');
});
