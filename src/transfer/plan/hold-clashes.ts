import { Failure } from '../../core/failure.ts';
import { comparePaths } from '../../core/order.ts';
import type { DownloadFile, Planned } from '../items.ts';

type Item = Planned<DownloadFile>;
type FileItem = Extract<Item, { readonly kind: 'file' }>;

/**
 * Object stores may hold `a` and `a/b`; a folder of this machine cannot. What is below `a` is fetched, the file `a`
 * becomes trouble. Items come in path order, in which `a!` and `a.b` may lie between `a` and `a/b`: files are held back
 * until it is known, each held one being the beginning of the name of the next.
 */
export async function* holdClashes(items: AsyncIterable<Item>, label: string): AsyncGenerator<Item> {
  const held: FileItem[] = [];
  for await (const item of items) {
    const path = placedPath(item);
    if (path === undefined) {
      yield item;
      continue;
    }
    for (let top = held.at(-1); top; top = held.at(-1)) {
      const { name } = top.file;
      const isBelow = path.startsWith(`${name}/`);
      if (!isBelow && comparePaths(path, `${name}/`) < 0) break;
      held.pop();
      yield isBelow ? clash(top, label) : top;
    }
    if (item.kind === 'file') held.push(item);
    else yield item;
  }
  yield* held.reverse();
}

/** Where something is made on this machine; a folder counts as being below its own name. */
function placedPath(item: Item): string | undefined {
  if (item.kind === 'file') return item.file.name;
  return item.kind === 'folder' ? `${item.path}/` : undefined;
}

function clash({ file: { entry, name } }: FileItem, label: string): Item {
  const { path } = entry;
  const failure = new Failure({
    kind: 'exists',
    message: `${path} is both a file and a folder at ${label}, which no folder of this machine can hold`,
    hint: `download the file alone into another folder: -a ${path} -d OTHER`,
    subject: path,
  });
  return { kind: 'trouble', path, local: name, failure };
}
