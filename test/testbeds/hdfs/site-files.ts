import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Hadoop properties by name. */
export type Properties = Readonly<Record<string, string>>;

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function siteFile(properties: Properties): string {
  const lines = Object.entries(properties).map(
    ([name, value]) => `  <property><name>${escape(name)}</name><value>${escape(value)}</value></property>`,
  );
  return `<?xml version="1.0"?>\n<configuration>\n${lines.join('\n')}\n</configuration>\n`;
}

const LOGGING = `log4j.rootLogger=WARN, log
log4j.appender.log=org.apache.log4j.ConsoleAppender
log4j.appender.log.target=System.err
log4j.appender.log.layout=org.apache.log4j.PatternLayout
log4j.appender.log.layout.ConversionPattern=%d %p %c: %m%n
`;

/** Writes `core-site.xml` and `hdfs-site.xml` and what daemons log into a folder. */
export async function writeSiteFiles(folder: string, core: Properties, hdfs: Properties): Promise<void> {
  await writeFile(join(folder, 'log4j.properties'), LOGGING);
  await writeFile(join(folder, 'core-site.xml'), siteFile(core));
  await writeFile(join(folder, 'hdfs-site.xml'), siteFile(hdfs));
}
