import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRunCli, runCli, type CliResult } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

export type Environment = Readonly<Record<string, string>>;

/** A machine with nothing set: a working directory, and a home beside it. */
export interface DoctorPlace {
  readonly cwd: string;
  readonly home: string;
}

/** What one check says, as `--output json` has it. */
export interface Told {
  readonly check: string;
  readonly level: 'ok' | 'warn' | 'fail' | 'skip';
  readonly evidence: string;
  readonly remedy?: string;
  readonly subject?: string;
}

export interface Examined extends CliResult {
  readonly items: readonly Told[];
}

export async function doctorPlace(): Promise<DoctorPlace> {
  const home = await temporaryFolder();
  const cwd = join(home, 'work');
  await mkdir(cwd);
  return { cwd, home };
}

/** Runs doctor and reads its JSON. */
export async function examine(
  place: DoctorPlace,
  env: Environment = {},
  args: readonly string[] = [],
): Promise<Examined> {
  const result = await runCli(['doctor', '--output', 'json', ...args], { ...place, env });
  const { items } = JSON.parse(result.stdout) as { readonly items: readonly Told[] };
  return { ...result, items };
}

/** Runs another command there, with nothing set. */
export async function mlstow(place: DoctorPlace, ...args: readonly string[]): Promise<string> {
  return mustRunCli(args, place);
}
