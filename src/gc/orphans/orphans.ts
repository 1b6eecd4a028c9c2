import { parseArtifactPath } from '../../core/artifact-path.ts';
import { Failure } from '../../core/failure.ts';
import type { CollectKind } from '../../tracking/collect.ts';
import type { MaxDelete } from '../brakes.ts';
import type { Scratch } from '../scratch/open-scratch.ts';
import type { NoOrphan } from './judge-orphans.ts';
import type { Shaped } from './shape.ts';

/** A subtree that nothing recorded owns, as it was when it was looked at. */
export interface Orphan extends Shaped {
  readonly objects: number;
  readonly bytes: number;
}

const PAGE = 500;

/** All of them, a page at a time. */
export function* orphansIn(scratch: Scratch): Generator<Orphan> {
  for (let after = 0; ;) {
    const rows = scratch.all(
      'SELECT * FROM found WHERE seq > ? AND state IS NULL ORDER BY seq LIMIT ?',
      after,
      PAGE,
    );
    for (const row of rows)
      yield {
        kind: String(row['kind']) as CollectKind,
        id: String(row['id']),
        experimentId: String(row['experiment']),
        under: parseArtifactPath(String(row['under'])),
        holder: parseArtifactPath(String(row['holder'])),
        objects: Number(row['objects']),
        bytes: Number(row['bytes']),
      };
    if (rows.length < PAGE) return;
    after = Number(rows.at(-1)?.['seq']);
  }
}

/** What was found, and how much of it is orphaned. */
export interface Found {
  readonly orphans: number;
  readonly objects: { readonly orphaned: number; readonly all: number };
  readonly leftOut: Readonly<Record<NoOrphan, number>>;
}

/** Counts. */
export function countFound(scratch: Scratch): Found {
  const sums = new Map(
    scratch
      .all('SELECT state, count(*) AS n, sum(objects) AS objects FROM found GROUP BY state')
      .map((row) => [row['state'], { count: Number(row['n']), objects: Number(row['objects']) }]),
  );
  const of = (state: NoOrphan): number => sums.get(state)?.count ?? 0;
  const orphans = sums.get(null) ?? { count: 0, objects: 0 };
  return {
    orphans: orphans.count,
    objects: {
      orphaned: orphans.objects,
      all: [...sums.values()].reduce((total, { objects }) => total + objects, 0),
    },
    leftOut: { in_use: of('in_use'), young: of('young'), undated: of('undated') },
  };
}

/** The refusal of more orphaned objects than allowed, of all that lie in such places; undefined where it is fine. */
export function tooMany(max: MaxDelete, { objects }: Found): Failure | undefined {
  const { orphaned, all } = objects;
  const most = max.percent ? Math.floor((all * max.number) / 100) : max.number;
  if (orphaned <= most) return undefined;
  return new Failure({
    kind: 'refused',
    message: `${orphaned} of ${all} objects are orphans, and --max-delete ${max.text} allows ${most}: a database may be missing, or the root is another one's`,
    hint: 'look at them without --yes, name every database of this root with --also-backend, or allow more',
    subject: '--max-delete',
  });
}
