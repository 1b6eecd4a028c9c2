/** The reference page of JSON outputs, read from the interfaces in src/cli/output. */
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

const FOLDER = 'src/cli/output';

const HEAD = `# JSON output

With \`--output json\` a command prints one line: \`{"schema":"mlstow.<command>/1", …}\`, lists under \`items\`. With
\`--output jsonl\` each item is a line and the last line holds the schema and the other fields. A field that is not known
is absent. Errors are one line on stderr: \`{"error":{"code","message","hint","subject"}}\`.

Generated from the declarations in \`${FOLDER}\` by \`npm run generate\`.
`;

function docOf(node, source) {
  const [range] = ts.getLeadingCommentRanges(source.text, node.pos)?.slice(-1) ?? [];
  if (!range) return '';
  return source.text
    .slice(range.pos, range.end)
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .join(' ')
    .trim();
}

function memberRow(member, source) {
  const type = member.type
    .getText(source)
    .replaceAll(/readonly /g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', '\\|');
  const optional = member.questionToken ? 'no' : 'always';
  return `| \`${member.name.getText(source)}\` | \`${type}\` | ${optional} | ${docOf(member, source)} |`;
}

function section(node, source) {
  const extended =
    node.heritageClauses?.flatMap((clause) => clause.types.map((type) => type.getText(source))) ?? [];
  const rows = node.members.filter(ts.isPropertySignature).map((member) => memberRow(member, source));
  return [
    `## ${node.name.text}`,
    '',
    docOf(node, source),
    ...(extended.length > 0 ? ['', `Also the fields of ${extended.join(', ')}.`] : []),
    '',
    '| field | type | present | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** The page's text. */
export function outputReference() {
  const files = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.ts'))
    .sort();
  const sections = files.flatMap((file) => {
    const source = ts.createSourceFile(
      file,
      readFileSync(`${FOLDER}/${file}`, 'utf8'),
      ts.ScriptTarget.ES2023,
    );
    return source.statements.filter(ts.isInterfaceDeclaration).map((node) => section(node, source));
  });
  return `${HEAD}\n${sections.join('\n')}`;
}
