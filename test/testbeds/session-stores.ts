import { loadConfig, type Config } from '../../src/config/resolve.ts';
import { systemClock } from '../../src/core/clock.ts';
import { openStores, type Stores } from '../../src/session/open-stores.ts';

/** What a command has for its configuration in an empty directory, with these variables alone. */
export async function configOf(env: Readonly<Record<string, string>>, home: string): Promise<Config> {
  return loadConfig({ flags: {}, env, cwd: home, home });
}

/** The stores of a command with these variables, as it opens them itself. */
export async function storesWith(env: Readonly<Record<string, string>>, home: string): Promise<Stores> {
  return openStores({
    config: await configOf(env, home),
    clock: systemClock,
    cwd: home,
    home,
    server: async () => Promise.reject(new Error('no tracking server here')),
    warn: () => undefined,
  });
}
