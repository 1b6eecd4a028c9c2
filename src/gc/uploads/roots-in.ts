import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import { formatLocation, parseLocation, type Location } from '../../core/location.ts';
import type { Collectable, Reference } from '../../tracking/collect.ts';
import type { Physical } from '../references.ts';

/** The end of a place of files, with the experiment's folder around it. */
const FILES =
  /(?:^|\/)(?:\d{1,19}\/)?(?:[0-9a-f]{32}|models\/m-[0-9a-f]{32}|traces\/(?:tr-)?[0-9a-f]{32})\/artifacts$/;

function rootPathOf(path: string, { owner, role }: Reference): string | undefined {
  if (role === 'root') {
    const tail = `/${owner.id}`;
    if (path === owner.id) return '';
    return path.endsWith(tail) ? path.slice(0, -tail.length) : path;
  }
  return FILES.test(path) ? path.replace(FILES, '') : undefined;
}

/** The artifact root that a place is below; undefined where its shape does not tell. */
function rootOf(location: Location, reference: Reference): Location | undefined {
  const path = rootPathOf(location.path.replace(/\/+$/, ''), reference);
  if (path === undefined || (path === '' && location.scheme === 'file')) return undefined;
  const { scheme, authority } = location;
  return parseLocation(formatLocation({ scheme, authority, path }));
}

/** The artifact roots that records name, none below another one; places that lead nowhere are told and passed over. */
export async function rootsIn(
  records: Collectable,
  locationTag: string,
  physical: Physical,
  warn: (message: string) => void,
  io: Io,
): Promise<readonly Location[]> {
  const found = new Map<string, Location>();
  for await (const page of records.references(locationTag, io)) {
    for (const reference of page) {
      const { uri, owner } = reference;
      if (uri === undefined || owner.kind === 'version' || /^(runs|models):/i.test(uri)) continue;
      try {
        const root = rootOf(await physical(uri), reference);
        if (root) found.set(formatLocation(root), root);
      } catch (thrown) {
        if (!(thrown instanceof Failure)) throw thrown;
        warn(`${owner.kind} ${owner.id}: ${thrown.message}`);
      }
    }
  }
  return [...found].flatMap(([text, root]) => (isBelowAny(text, found) ? [] : [root]));
}

function isBelowAny(text: string, roots: ReadonlyMap<string, unknown>): boolean {
  for (let at = text.lastIndexOf('/'); at > 0; at = text.lastIndexOf('/', at - 1)) {
    const around = text.slice(0, at);
    if (roots.has(around) || (roots.has(`${around}/`) && `${around}/` !== text)) return true;
  }
  return false;
}
