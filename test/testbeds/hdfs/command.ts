import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hadoopArguments, type HdfsBed } from '../hdfs.ts';

/**
 * A HADOOP_HOME in `dir` whose `bin/hdfs dfs` is Hadoop's own file system shell: as its script, without what that script
 * does for installations. Each run is written down first (`commandsOf`).
 */
export async function hadoopHome(bed: HdfsBed, dir: string, jvm: readonly string[] = []): Promise<string> {
  const home = join(dir, 'hadoop-home');
  await mkdir(join(home, 'bin'), { recursive: true });
  const args = [...jvm, ...hadoopArguments(bed.install, '$HADOOP_CONF_DIR', 'org.apache.hadoop.fs.FsShell')];
  const quoted = args.map((each) => `"${each}"`).join(' ');
  const command = join(home, 'bin', 'hdfs');
  const count = `echo "$*" >> '${join(home, 'commands')}'`;
  await writeFile(
    command,
    `#!/bin/sh\n[ "$1" = dfs ] || exit 64\nshift\n${count}\nexec java ${quoted} "$@"\n`,
  );
  await chmod(command, 0o755);
  return home;
}

/** What `bin/hdfs dfs` of such a folder was run with since this was asked last: a line for each JVM. */
export async function commandsOf(home: string): Promise<string[]> {
  const file = join(home, 'commands');
  const lines = await readFile(file, 'utf8').catch(() => '');
  await rm(file, { force: true });
  return lines.split('\n').filter(Boolean);
}
