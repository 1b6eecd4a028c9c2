import type { ArtifactStore, Traits } from '../../../store.ts';
import { getMany } from './bulk/get-many.ts';
import { putMany } from './bulk/put-many.ts';
import { complaintFailure } from './complaint.ts';
import { cliIncomplete } from './incomplete.ts';
import { listCli, statCli } from './look.ts';
import { readCli, writeCli } from './move.ts';
import { CLI_REMOVE_BATCH, makeDirectoryCli, removeCli } from './remove.ts';
import { cliTrouble, type CliRoot } from './root.ts';
import { runShell } from './run-shell.ts';

/** How many files one call of `bulk` takes: so many names are held, and so many fail together at worst. */
const BULK_ITEMS = 2000;

/** What the `hdfs` command promises: every operation is a JVM of its own, so few run at once. */
export const CLI_TRAITS: Traits = {
  ranges: 'none',
  publish: 'gap',
  ifAbsent: 'checked',
  directories: 'real',
  order: 'path',
  modified: 'listed',
  stat: 'request',
  unknownLength: 'write',
  maxWriteBytes: Number.MAX_SAFE_INTEGER,
  removeBatch: CLI_REMOVE_BATCH,
  connections: 2,
  proofs: [],
};

/** A root on a Hadoop file system, reached by the `hdfs` command: by RPC, mount tables and Kerberos as it is configured. */
export function createCliStore(root: CliRoot): ArtifactStore {
  return {
    label: root.label,
    backend: `hdfs command ${root.shell.command}`,
    server: `hdfs command ${root.shell.command}`,
    traits: CLI_TRAITS,
    accepts: cliTrouble,
    stat: async (path, io) => statCli(root, path, io),
    list: (under, options, io) => listCli(root, under, options, io),
    read: async (path, options, io) => readCli(root, path, options, io),
    write: async (path, source, options, io) => writeCli(root, path, source, options, io),
    remove: async (batch, io) => removeCli(root, batch, io),
    facts: async (io) => {
      const top = `${/^\w+:\/\/[^/]*/.exec(root.uri)?.[0] ?? ''}/`;
      const asked = { doing: 'look at', subject: root.label };
      const ended = await runShell(root.shell, 'stat', ['%F', top], asked, io);
      if (ended.code !== 0) throw complaintFailure(ended, asked);
      return { anchor: 'present' };
    },
    bulk: {
      maxItems: BULK_ITEMS,
      put: async (items, io) => putMany(root, items, io),
      get: async (items, io) => getMany(root, items, io),
    },
    makeDirectory: async (path, io) => makeDirectoryCli(root, path, io),
    incomplete: cliIncomplete(root),
  };
}
