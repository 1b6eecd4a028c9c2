import type { Incomplete } from '../../../store.ts';
import { incompleteIn } from '../../../temporaries.ts';
import { isTemporary } from '../names.ts';
import { askJson, placeOf, subjectOf, type WebHdfsClient } from './client.ts';
import { statusesBelow } from './list.ts';

/** Unfinished files, and the folders that the `hdfs` driver fills before it gives their files names. */
export function webHdfsIncomplete(client: WebHdfsClient): Incomplete {
  return incompleteIn({
    isUnfinished: isTemporary,
    children: async (under, io) => {
      const found = await statusesBelow(client, under, io);
      return found.map(({ name, kind, size, modified }) => ({
        ...{ name, kind, modified: new Date(modified) },
        ...(kind === 'file' ? { size } : {}),
      }));
    },
    remove: async (path, io) => {
      const [place, subject] = [placeOf(client, path), subjectOf(client, path)];
      const query = { recursive: 'true' };
      await askJson(
        client,
        { method: 'DELETE', op: 'DELETE', doing: 'remove', path: place, subject, query },
        io,
      );
    },
  });
}
