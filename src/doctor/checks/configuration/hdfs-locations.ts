import { Failure } from '../../../core/failure.ts';
import type { Check } from '../../check.ts';
import type { Context } from '../../context.ts';
import { fail, ok, type Finding } from '../../finding.ts';
import type { Root } from '../../roots.ts';

async function look({ uri, physical }: Root, context: Context): Promise<Finding> {
  if (!physical) return ok(`${uri} is looked at by another check`);
  try {
    await (await context.stores()).at(physical);
    return ok(`${uri} can be resolved`, uri);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return fail(
      thrown.message,
      thrown.facts.hint ?? 'set HADOOP_CONF_DIR to the folder with core-site.xml',
      uri,
    );
  }
}

export const hdfsLocations: Check = {
  id: 'D46',
  name: 'hdfs-locations',
  area: 'configuration',
  title: 'Every hdfs: and viewfs: location in use can be resolved here',
  explain:
    'hdfs:///path names no host: fs.defaultFS in core-site.xml gives it. viewfs:// needs the mount table, and a name service needs hdfs-site.xml. Where a client has no Hadoop configuration, artifacts that other machines write cannot be found from here: set HADOOP_CONF_DIR, or write locations as hdfs://host:8020/path.',
  network: true,
  needs: ['roots'],
  async run(context) {
    const roots = await context.roots();
    const ours = roots.filter(({ recorded }) => /^(?:hdfs|viewfs)$/.test(recorded?.scheme ?? ''));
    if (ours.length === 0) return [ok('none is in use')];
    return Promise.all(ours.map(async (root) => look(root, context)));
  },
};
