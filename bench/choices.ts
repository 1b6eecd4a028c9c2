import { parseArgs } from 'node:util';
import type { Choices } from './bench.ts';
import { WORKLOADS } from './workloads/index.ts';

/** What the command line asks for. */
export interface Asked extends Choices {
  readonly workloads: readonly string[];
  readonly pairs: number;
  readonly warmUp: number;
  /** Where the run's own folder is made; memory unless told. */
  readonly dir?: string;
}

const PEERS = ['mlflow', 'rclone'];

/** What `--help` prints. */
export function usage(): string {
  return [
    'npm run bench -- [workload...] [--pairs 5] [--warm-up 1] [--latency 20] [--against mlflow,rclone]',
    '                 [--server versitygw|minio] [--scale 1] [--dir FOLDER]',
    '',
    ...Object.entries(WORKLOADS).map(([name, { what }]) => `  ${name.padEnd(16)}${what}`),
    '',
  ].join('\n');
}

function number(text: string, flag: string, least: number): number {
  const value = Number(text);
  if (!(value >= least)) throw new Error(`${flag} ${text} is not a number from ${least} on`);
  return value;
}

function workloadsOf(names: readonly string[]): readonly string[] {
  const unknown = names.find((name) => !(name in WORKLOADS));
  if (unknown !== undefined) throw new Error(`there is no workload ${unknown}\n${usage()}`);
  return names.length > 0 ? names : Object.keys(WORKLOADS);
}

function serverOf(name: string): Choices['server'] {
  if (name === 'versitygw' || name === 'minio') return name;
  throw new Error(`--server ${name} is neither versitygw nor minio`);
}

/** Reads the command line; undefined when it asks for help. @throws Error for what it does not know */
export function readChoices(args: readonly string[]): Asked | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      pairs: { type: 'string', default: '5' },
      'warm-up': { type: 'string', default: '1' },
      latency: { type: 'string', default: '0' },
      against: { type: 'string', default: PEERS.join(',') },
      server: { type: 'string', default: 'versitygw' },
      scale: { type: 'string', default: '1' },
      dir: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) return undefined;
  const against = values.against.split(',').filter((name) => name !== '' && name !== 'none');
  const stranger = against.find((name) => !PEERS.includes(name));
  if (stranger !== undefined) throw new Error(`--against ${stranger} is none of ${PEERS.join(', ')}, none`);
  return {
    workloads: workloadsOf(positionals),
    pairs: number(values.pairs, '--pairs', 1),
    warmUp: number(values['warm-up'], '--warm-up', 0),
    latencyMs: number(values.latency, '--latency', 0),
    scale: number(values.scale, '--scale', 0),
    against,
    server: serverOf(values.server),
    ...(values.dir === undefined ? {} : { dir: values.dir }),
  };
}
