import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached } from '../bed-cache.ts';
import { mustRun, runCommand } from '../run-command.ts';

/** Of Hadoop. */
export const VERSION = '3.4.1';

async function need(command: string, what: string): Promise<void> {
  const found = await runCommand(command, ['-version']).catch(() => undefined);
  if (found?.code === 0) return;
  throw new Error(`the HDFS bed needs ${what} on the PATH; ${command} -version does not work`);
}

/** The web applications that the jars do not carry; without their folders no daemon starts. */
async function webapps(dir: string): Promise<void> {
  for (const name of ['hdfs', 'datanode', 'static', 'secondary']) {
    await mkdir(join(dir, 'classes', 'webapps', name, 'WEB-INF'), { recursive: true });
  }
}

/** The folder with Hadoop's jars in `lib` and what belongs on the class path in `classes`. Needs Java 17 and Maven. */
export async function installHadoop(): Promise<string> {
  await need('java', 'Java 11 or 17');
  return cached('hadoop', VERSION, async (dir) => {
    await need('mvn', 'Maven 3.8');
    const scratch = await mkdtemp(join(tmpdir(), 'mlstow-maven-'));
    try {
      await copyFile(join(import.meta.dirname, 'pom.xml'), join(scratch, 'pom.xml'));
      const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
      const options = ['-DincludeScope=runtime', `-DoutputDirectory=${join(dir, 'lib')}`];
      const maven = ['-q', '-B', `-Dmaven.repo.local=${join(scratch, 'repository')}`, goal, ...options];
      await mustRun('mvn', maven, { cwd: scratch });
      await webapps(dir);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
}
