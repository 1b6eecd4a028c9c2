import { readFileSync } from 'node:fs';
import { OPERATIONS, REASONS, type Operation } from '../test/conformance/artifact-store/cases/operations.ts';
import type { Row } from './conformance-rows.ts';

/** The results of the last runs, from the root of the checkout. */
export const RESULTS = 'docs/reference/conformance.json';

/** What no run was ever made against. */
const NOT_RUN: readonly (readonly [string, string])[] = [
  ['`s3://`', 'Amazon S3'],
  [
    '`r2://`, `b2://`',
    'Cloudflare R2, Backblaze B2: their addresses are unit-tested, the store is that of `s3://`',
  ],
  ['`gs://`', 'Google Cloud Storage itself, and its credentials: fake-gcs-server looks at none'],
  [
    '`wasbs://`, `abfss://`',
    'Azure Storage itself, Entra ID, and accounts with a hierarchical namespace (deleting their directories)',
  ],
  [
    '`mlflow-artifacts:`',
    'uploads in parts to Google Cloud Storage, and to Azure, past a server; `--artifacts-presigned-only` of MLflow 3.18',
  ],
  ['`hdfs://`, `viewfs://`', 'TLS, Knox, fail-over by ZooKeeper, other versions than the one above'],
  ['`ftp://`', 'IIS, FileZilla Server, ProFTPD'],
  ['`sftp://`', 'servers of appliances and of hosting services'],
];

const HEAD = `# Stores and what they are proven against

Every number below is a count of conformance cases that passed against that server in a real run: nothing is filled in by
assumption. \`12\` cases passed; \`11 of 12\` tells that one failed; **not run** says that no case covers it there; a dash has a
note that tells why this store has no such thing. The case numbers of each operation are in
\`test/conformance/artifact-store/cases/operations.ts\`; tests outside of that suite add a claim with \`proves()\`, which counts
when they pass.

\`npm run conformance\` runs them all again, \`npm run conformance -- sftp\` those of some files, and writes this page and
[conformance.json](conformance.json). A \`+\` behind a commit: with changes to it, before the run or while it went on.
`;

function cellOf(row: Row, operation: Operation, note: (reason: string) => number): string {
  const cell = row.cells[operation];
  if (cell) return cell.failed === 0 ? String(cell.passed) : `${cell.passed} of ${cell.passed + cell.failed}`;
  return row.lacks.includes(operation) ? `–<sup>${note(REASONS[operation] ?? '')}</sup>` : 'not run';
}

const serversOf = ({ servers, scheme }: Row): string =>
  servers.join(' + ') || (scheme === 'file' ? 'the file system of the machine' : 'in the test process');

/** The page docs/reference/stores.md as the committed results give it. */
export function storesReference(): string {
  const text = readFileSync(new URL(`../${RESULTS}`, import.meta.url), 'utf8');
  const { rows } = JSON.parse(text) as { readonly rows: readonly Row[] };
  const reasons: string[] = [];
  const note = (reason: string): number => {
    if (!reasons.includes(reason)) reasons.push(reason);
    return reasons.indexOf(reason) + 1;
  };
  const line = (row: Row): string => {
    const cells = OPERATIONS.map((operation) => cellOf(row, operation, note));
    return `| ${[`\`${row.scheme}\``, row.store, serversOf(row), ...cells, `${row.date} ${row.commit}`].join(' | ')} |`;
  };
  const heads = ['scheme', 'store', 'server', ...OPERATIONS, 'run'];
  return [
    HEAD,
    `| ${heads.join(' | ')} |\n|${heads.map(() => '---').join('|')}|`,
    ...rows.map(line),
    '',
    ...reasons.map((reason, index) => `${index + 1}. ${reason}`),
    '\n## Never run against\n\n| location | service |\n|---|---|',
    ...NOT_RUN.map(([location, service]) => `| ${location} | ${service} |`),
    '',
  ].join('\n');
}
