import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hadoopArguments, type HdfsBed } from '../hdfs.ts';

/**
 * A HADOOP_HOME in `dir` whose `bin/hdfs dfs` is Hadoop's own file system shell: as its script, without what that script
 * does for installations.
 */
export async function hadoopHome(bed: HdfsBed, dir: string, jvm: readonly string[] = []): Promise<string> {
  const home = join(dir, 'hadoop-home');
  await mkdir(join(home, 'bin'), { recursive: true });
  const args = [...jvm, ...hadoopArguments(bed.install, '$HADOOP_CONF_DIR', 'org.apache.hadoop.fs.FsShell')];
  const quoted = args.map((each) => `"${each}"`).join(' ');
  const command = join(home, 'bin', 'hdfs');
  await writeFile(command, `#!/bin/sh\n[ "$1" = dfs ] || exit 64\nshift\nexec java ${quoted} "$@"\n`);
  await chmod(command, 0o755);
  return home;
}
