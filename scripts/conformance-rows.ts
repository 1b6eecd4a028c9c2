import { PROVEN, type Operation } from '../test/conformance/artifact-store/cases/operations.ts';

/** How many cases of an operation passed and failed. */
export interface Cell {
  passed: number;
  failed: number;
}

/** What one store was proven to do on one server, by which files. */
export interface Row {
  readonly scheme: string;
  readonly store: string;
  readonly servers: readonly string[];
  readonly files: string[];
  readonly date: string;
  readonly commit: string;
  readonly cells: Partial<Record<Operation, Cell>>;
  /** What this store does not have. */
  lacks: readonly Operation[];
}

/** A test of vitest's JSON report, as far as it is read here. */
interface Result {
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  readonly status: string;
  readonly meta: {
    readonly bed?: { readonly name: string } & Pick<Row, 'scheme' | 'servers' | 'lacks'>;
    readonly proves?: { readonly bed: string; readonly operations: readonly Operation[] } & Pick<
      Row,
      'scheme' | 'servers'
    >;
  };
}

interface FileResult {
  /** Relative to the checkout. */
  readonly name: string;
  readonly assertionResults: readonly Result[];
}

function count(row: Row, operations: readonly Operation[], passed: boolean): void {
  for (const operation of operations) {
    const cell = (row.cells[operation] ??= { passed: 0, failed: 0 });
    cell[passed ? 'passed' : 'failed'] += 1;
  }
}

/** The cases of one bed by number; one that was run with several values passed when it passed with all of them. */
function casesOf(results: readonly Result[], bed: string): ReadonlyMap<string, boolean> {
  const cases = new Map<string, boolean>();
  for (const { ancestorTitles, title, status } of results) {
    const number = /^(\d+[a-z]?)\. /.exec(title)?.[1];
    if (number === undefined || ancestorTitles[0] !== `artifact store contract: ${bed}`) continue;
    cases.set(number, (cases.get(number) ?? true) && status === 'passed');
  }
  return cases;
}

/**
 * The rows of a run: one for each bed whose cases ran, with what other tests claimed for the same store on the same
 * servers. Cells without a case or a claim are left out.
 */
export function rowsOf(files: readonly FileResult[], stamp: Pick<Row, 'date' | 'commit'>): readonly Row[] {
  const rows = new Map<string, Row>();
  const rowOf = (file: string, store: string, { scheme, servers }: Pick<Row, 'scheme' | 'servers'>): Row => {
    const key = JSON.stringify([scheme, store, servers]);
    const row = rows.get(key) ?? { scheme, store, servers, files: [], ...stamp, cells: {}, lacks: [] };
    rows.set(key, row);
    if (!row.files.includes(file)) row.files.push(file);
    return row;
  };
  for (const { name, assertionResults } of files) {
    for (const { status, meta } of assertionResults) {
      const { bed, proves } = meta;
      if (proves) count(rowOf(name, proves.bed, proves), proves.operations, status === 'passed');
      if (!bed) continue;
      const row = rowOf(name, bed.name, bed);
      row.lacks = bed.lacks;
      for (const [number, passed] of casesOf(assertionResults, bed.name))
        count(row, PROVEN[number] ?? [], passed);
    }
  }
  return [...rows.values()];
}
