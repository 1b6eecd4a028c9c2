import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from './run-command.ts';

/**
 * Builds a Go program into `dir`; module and build caches are private and removed afterwards, so that only the binary
 * stays. Needs `go` on the PATH.
 */
export async function goInstall(pinned: string, dir: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'mlstow-go-'));
  try {
    const flags = process.env['GOFLAGS'];
    await mustRun('go', ['install', pinned], {
      env: {
        ...process.env,
        GOBIN: dir,
        GOPATH: join(scratch, 'path'),
        GOCACHE: join(scratch, 'build'),
        GOMODCACHE: join(scratch, 'modules'),
        GOFLAGS: flags === undefined ? '-modcacherw' : `${flags} -modcacherw`,
      },
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
