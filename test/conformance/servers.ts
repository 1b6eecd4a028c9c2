import { readFile } from 'node:fs/promises';
import { runningPrograms, type Program } from '../testbeds/bed.ts';
import { bedCache } from '../testbeds/bed-cache.ts';
import { mustRun, runCommand } from '../testbeds/run-command.ts';

/** Names of programs, by the name under which beds start them; those that are not here keep that name. */
const TITLES: Readonly<Record<string, string>> = {
  minio: 'MinIO',
  'fake-gcs': 'fake-gcs-server',
  azurite: 'Azurite',
  pyftpd: 'pyftpdlib',
  sshd: 'OpenSSH',
  mlflow: 'MLflow',
  namenode: 'Hadoop',
  datanode: 'Hadoop',
  httpfs: 'Hadoop',
  krb5kdc: 'MIT Kerberos',
};

const printed = async (file: string, ...args: string[]): Promise<string> => {
  const { stdout, stderr } = await runCommand(file, args);
  return /\d+(\.\d+)+(p\d+)?/.exec(stdout + stderr)?.[0] ?? '';
};

/** Versions that only the program itself knows, since the system installed it. */
const ASKED: Readonly<Record<string, (program: Program) => Promise<string>>> = {
  // vsftpd prints on its standard input.
  vsftpd: async ({ command }) => {
    const file = command.find((each) => each.endsWith('/vsftpd')) ?? 'vsftpd';
    return printed('sh', '-c', 'exec "$0" -v 0>&1', file);
  },
  sshd: async () => printed('ssh', '-V'),
  krb5kdc: async () => printed('klist', '-V'),
  pyftpd: async ({ command }) => {
    const { stdout } = await mustRun(command[0]!, ['-c', 'import pyftpdlib; print(pyftpdlib.__ver__)']);
    return stdout.trim();
  },
};

async function fromPackage(text: string): Promise<string | undefined> {
  const folder = /(?:^|[\s:])(\S*\/node_modules\/(?:@[^/]+\/)?[^/\s]+)\//.exec(text)?.[1];
  if (folder === undefined) return undefined;
  return (JSON.parse(await readFile(`${folder}/package.json`, 'utf8')) as { version: string }).version;
}

/** What is installed for beds is in folders that are named by the version. */
function fromCache(text: string): string | undefined {
  const below = text.split(`${bedCache()}/`)[1]?.split('/')[0] ?? '';
  const version = /-v?(\d+(?:\.\d+)*)/.exec(below)?.[1];
  return version?.replace(/^(\d{4})(\d\d)(\d\d)\d{6}$/, '$1-$2-$3');
}

async function describeProgram(program: Program): Promise<string> {
  const text = program.command.join(' ');
  const version =
    (await ASKED[program.name]?.(program)) ?? (await fromPackage(text)) ?? fromCache(text) ?? '';
  return `${TITLES[program.name] ?? program.name} ${version}`.trim();
}

/** The real servers that run for a test at this moment, with the versions that they have: `MinIO 2026-02-12`. */
export async function runningServers(names?: readonly string[]): Promise<readonly string[]> {
  const programs = runningPrograms().filter(({ name }) => names?.includes(name) ?? name !== 'toxiproxy');
  return [...new Set(await Promise.all(programs.map(describeProgram)))].toSorted();
}
