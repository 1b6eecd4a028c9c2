import type { Incomplete } from '../../store.ts';
import { incompleteIn, isTemporary } from '../../temporaries.ts';
import { isRefusal } from './failures.ts';
import { childrenOf, lookAt } from './look.ts';
import { serverPath, subjectAt, type Root } from './root.ts';

/** What a server that does not rename onto files puts aside: the last copy of it, maybe, and so never removed. */
const isAside = (name: string): boolean => name.endsWith('.old');

/** Unfinished files of a server. */
export function ftpIncomplete(root: Root): Incomplete {
  return incompleteIn({
    isUnfinished: (name) => isTemporary(name) && !isAside(name),
    children: async (under, io) => {
      const found = await root.pool.use(io, async (connection) =>
        childrenOf(connection, serverPath(root, under), subjectAt(root, under)),
      );
      return (found ?? []).filter(({ name }) => !isAside(name));
    },
    remove: async (path, io) => {
      const subject = subjectAt(root, path);
      const target = serverPath(root, path);
      await root.pool.use(io, async (connection) => {
        try {
          await connection.client.send(`DELE ${target}`);
        } catch (thrown) {
          const isGone = isRefusal(thrown) && !(await lookAt(connection, target, subject));
          if (!isGone) throw connection.failure(thrown, { doing: 'removing', subject });
        }
      });
    },
  });
}
