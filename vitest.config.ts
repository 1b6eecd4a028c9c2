import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** What not every machine lets a test do (a mount through FUSE) runs in the soak alone. */
const soakOnly = process.env['MLSTOW_SOAK'] === undefined ? ['test/faults/target-names.test.ts'] : [];

/** The processor that Vitest leaves free is half of a small machine. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

const slow = { testTimeout: 120_000, hookTimeout: 900_000 };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000, maxWorkers } },
      { test: { name: 'cli', include: ['test/cli/**/*.test.ts'], testTimeout: 60_000, maxWorkers } },
      {
        test: {
          name: 'architecture',
          include: ['test/architecture/**/*.test.ts'],
          testTimeout: 60_000,
          maxWorkers,
        },
      },
      {
        test: {
          name: 'services',
          include: ['test/{conformance,interop,faults}/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...soakOnly],
          ...slow,
          // More than the processors of a small machine: tests wait for servers most of the time.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
