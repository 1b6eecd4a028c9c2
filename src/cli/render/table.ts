import { comparePaths } from '../../core/order.ts';

const SEPARATOR = '  ';
const MIN_WIDTH = 4;

/** Characters as Python counts them. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - lengthOf(text)));
}

/**
 * A table as the mlflow command prints it (mlflow.utils.string_utils._create_table), without the last line end: two
 * spaces between columns, each as wide as its longest cell, its header plus two, or four; trailing spaces kept. Without
 * rows it is two empty lines, as there.
 */
export function createTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '\n';
  const widths = headers.map((header, column) =>
    rows.reduce(
      (width, row) => Math.max(width, lengthOf(row[column] ?? '')),
      Math.max(lengthOf(header) + 2, MIN_WIDTH),
    ),
  );
  const line = (cells: readonly string[]): string =>
    widths.map((width, column) => padded(cells[column] ?? '', width)).join(SEPARATOR);
  return [line(headers), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Orders rows by their first cell, then the next, by code points, as Python sorts lists of strings. */
export function compareRows(a: readonly string[], b: readonly string[]): number {
  for (const [column, cell] of a.entries()) {
    const other = b[column];
    if (other === undefined) return 1;
    const order = comparePaths(cell, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
