/** Installs the locked dependencies when they are missing or older than the lock file. Needs Node and npm only. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const changed = (file) => statSync(`${root}${file}`, { throwIfNoEntry: false })?.mtimeMs;

const installed = changed('node_modules/.package-lock.json');
if (installed === undefined || (changed('package-lock.json') ?? 0) > installed) {
  const { status } = spawnSync('npm', ['ci'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  process.exitCode = status ?? 1;
}
