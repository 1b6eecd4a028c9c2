import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseSiteFile, readConfiguration } from '../../../../src/artifacts/stores/hdfs/configuration.ts';
import { failureOf } from '../../../conformance/artifact-store/expect-failure.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mlstow-hadoop-'));
});
afterEach(async () => rm(dir, { recursive: true, force: true }));

const SITE = `<?xml version="1.0"?>
<?xml-stylesheet type="text/xsl" href="configuration.xsl"?>
<!-- site -->
<configuration>
  <property>
    <name> fs.defaultFS </name>
    <value>hdfs://\${cluster}:8020</value>
    <final>true</final>
  </property>
  <property><name>cluster</name><value>n&amp;n</value><description>a &lt;name&gt;</description></property>
  <property><name>unset</name></property>
</configuration>`;

test('properties are read as Hadoop reads them', () => {
  expect(Object.fromEntries(parseSiteFile(SITE, 'core-site.xml'))).toEqual({
    'fs.defaultFS': 'hdfs://${cluster}:8020',
    cluster: 'n&n',
  });
  expect(parseSiteFile('<configuration/>', 'x').size).toBe(0);
});

test('core, then hdfs, then what was given; variables are replaced', async () => {
  await writeFile(join(dir, 'core-site.xml'), SITE);
  await writeFile(
    join(dir, 'hdfs-site.xml'),
    '<configuration><property><name>cluster</name><value>b</value></property></configuration>',
  );
  const found = await readConfiguration(dir, ['dfs.replication = 2', 'loop=${loop}', 'nothing']);
  expect(Object.fromEntries(found)).toEqual({
    'fs.defaultFS': 'hdfs://b:8020',
    cluster: 'b',
    'dfs.replication': '2',
    loop: '${loop}',
  });
});

test('no folder, or one without the files, is no configuration', async () => {
  expect((await readConfiguration(undefined)).size).toBe(0);
  expect((await readConfiguration(dir)).size).toBe(0);
  expect((await readConfiguration(join(dir, 'gone'))).size).toBe(0);
});

test.each(['<configuration><property>', '<html><body>login</body></html>', ''])(
  'a file that is none (%j) is refused by name',
  async (text) => {
    await writeFile(join(dir, 'hdfs-site.xml'), text);
    const failure = await failureOf(readConfiguration(dir));
    expect(failure.kind).toBe('misconfigured');
    expect(failure.message).toContain('hdfs-site.xml');
    expect(failure.facts.hint).toContain('HADOOP_CONF_DIR');
  },
);

test('entities are not expanded from elsewhere', async () => {
  const evil = `<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]><configuration><property><name>a</name><value>&x;</value></property></configuration>`;
  await writeFile(join(dir, 'core-site.xml'), evil);
  const found = await readConfiguration(dir).then(
    (read) => read.get('a') ?? '',
    () => 'refused',
  );
  expect(found).not.toContain('root:');
});
