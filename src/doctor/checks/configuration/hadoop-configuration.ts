import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeOrigin } from '../../../config/origin.ts';
import type { Check } from '../../check.ts';
import type { Context } from '../../context.ts';
import { fail, ok, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { undo } from '../../settings/undo.ts';

const SITE = 'core-site.xml';

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function folderOf({ config }: Context): Promise<Finding> {
  const named = given(config, 'hdfs.confDir');
  const home = given(config, 'hdfs.home');
  const source = named ?? home;
  if (!source) return ok('neither HADOOP_CONF_DIR nor HADOOP_HOME is set');
  const folder = named ? named.value : join(home?.value ?? '', 'etc', 'hadoop');
  const by = describeOrigin(source.origin);
  if (!(await isThere(join(folder, SITE)))) {
    return fail(
      `there is no ${SITE} in ${folder} (${by}), so Hadoop's configuration is empty`,
      `set HADOOP_CONF_DIR to the folder that holds ${SITE} and hdfs-site.xml, or ${undo(source.origin)}`,
    );
  }
  const { readConfiguration } = await import('../../../artifacts/stores/hdfs/configuration.ts');
  const configuration = await readConfiguration(folder);
  return ok(`${configuration.size} properties are read from ${folder} (${by})`);
}

export const hadoopConfiguration: Check = {
  id: 'D40',
  name: 'hadoop-configuration',
  area: 'configuration',
  title: "Hadoop's configuration is where it is said to be",
  explain:
    'hdfs: locations are opened with the core-site.xml and hdfs-site.xml in HADOOP_CONF_DIR, else in etc/hadoop below HADOOP_HOME. A folder without them is read as an empty configuration: name services, fs.defaultFS and Kerberos are unknown then, and a task fails with an unknown host, a CLASSPATH or a libhdfs error in stock MLflow.',
  network: false,
  needs: [],
  run: async (context) => [await folderOf(context)],
};
