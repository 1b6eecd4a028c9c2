import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { pattern } from '../conformance/artifact-store/pattern.ts';
import { mustRunMlstow, type Place } from '../interop/mlstow-command.ts';
import type { Finished } from '../testbeds/run-command.ts';
import { startMlstow } from './signals-command.ts';

/** A folder `tree` and what is in it. */
export type Files = ReadonlyMap<string, Buffer>;

/** The store as its vendor's client or the disk below it shows it, past whatever does harm. */
export interface Oracle {
  /** Bytes of the objects below a folder of the run, by name. */
  sizes(under: string): Promise<ReadonlyMap<string, number>>;
  content(under: string, name: string): Promise<Buffer>;
  /** Uploads that were begun and neither finished nor given up. */
  unfinished(under: string): Promise<readonly string[]>;
}

/** Where transfers are tried: `home` holds `tree`, and the state of the commands. */
export interface Rig {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  readonly run: string;
  readonly files: Files;
  readonly oracle: Oracle;
}

/** What goes wrong from `begin` on, until `end`. */
export interface Fault {
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

/** Settings with which a command gives up soon. */
export const HURRIED = {
  MLFLOW_HTTP_REQUEST_MAX_RETRIES: '2',
  MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR: '0.1',
  MLFLOW_HTTP_REQUEST_BACKOFF_JITTER: '0',
  MLFLOW_HTTP_REQUEST_TIMEOUT: '2',
} as const;

/** A command that has not ended by then hangs, in ms. */
const HANGS_AFTER_MS = 90_000;
const LOOK_EVERY_MS = 200;

/** Makes the tree: so many small files of about 8 KiB and large ones of `largeBytes`. */
export async function makeTree(
  home: string,
  {
    small,
    large,
    largeBytes,
  }: { readonly small: number; readonly large: number; readonly largeBytes: number },
): Promise<Files> {
  const files = new Map<string, Buffer>();
  for (let i = 0; i < small; i += 1) files.set(`d${i % 4}/f${i}`, pattern(6_000 + i * 37, i));
  for (let i = 0; i < large; i += 1) files.set(`large-${i}.bin`, pattern(largeBytes + i, 50 + i));
  for (const name of files.keys()) await mkdir(join(home, 'tree', name, '..'), { recursive: true });
  for (const [name, bytes] of files) await writeFile(join(home, 'tree', name), bytes);
  return files;
}

export function placeOf({ home, env }: Rig, more: Readonly<Record<string, string>> = {}): Place {
  return { cwd: home, env: { ...env, XDG_STATE_HOME: join(home, 'state'), ...more } };
}

/** Runs a command that may fail, but has to end. */
async function runToItsEnd(args: readonly string[], place: Place): Promise<Finished> {
  const running = startMlstow(args, place);
  const over = new AbortController();
  const late = wait(HANGS_AFTER_MS, undefined, { signal: over.signal }).then(
    () => running.send('SIGKILL'),
    () => undefined,
  );
  const finished = await running.ended;
  over.abort();
  await late;
  if (finished.code === -1) throw new Error(`the command hung: ${finished.stderr.slice(-4_000)}`);
  return finished;
}

/** Looks again and again while `work` runs. */
async function looking<T>(look: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const looks = (async () => {
    while (!over.signal.aborted) {
      await look();
      await wait(LOOK_EVERY_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();
  try {
    return await work();
  } finally {
    over.abort();
    await looks;
  }
}

/** It arrived, or some did not and a person is told so, or trying again is worth it. */
function expectClearEnd({ code, stderr }: Finished): void {
  const end = stderr.slice(-1_500);
  expect([0, 4, 7], end).toContain(code);
  if (code === 0) return;
  expect(end).toMatch(/^mlstow: .{20}/m);
  expect(end).not.toMatch(/^\s+at .*:\d+:\d+/m);
}

/** What an attempt left that failed says nothing of the next one. */
async function forgetJournals({ home }: Rig): Promise<void> {
  await rm(join(home, 'state'), { recursive: true, force: true });
}

async function expectNothingLeft({ home, oracle }: Rig, under: string): Promise<void> {
  expect(await readdir(join(home, 'state/mlstow/transfers')).catch(() => [])).toEqual([]);
  expect(await oracle.unfinished(under)).toEqual([]);
}

/** The files that a folder of the store shows; each of them is whole. */
export async function expectWholeAtStore({ oracle, files }: Rig, under: string): Promise<number> {
  const sizes = await oracle.sizes(under);
  for (const name of sizes.keys()) {
    const expected = files.get(name);
    expect(expected, `${under}/${name} is at the store`).toBeDefined();
    expect(expected?.equals(await oracle.content(under, name)), `${under}/${name} at the store`).toBe(true);
  }
  return sizes.size;
}

/** The files that a folder shows; each of them is whole. */
export async function expectWholeHere({ files }: Rig, folder: string): Promise<number> {
  let shown = 0;
  for (const [name, bytes] of files) {
    const found = await readFile(join(folder, name)).catch(() => undefined);
    if (!found) continue;
    shown += 1;
    expect(found.equals(bytes), `${folder}/${name}`).toBe(true);
  }
  return shown;
}

export function logArgs({ run, flags }: Rig, under: string): readonly string[] {
  return ['artifacts', 'log', 'tree/', '-r', run, '-a', under, ...flags];
}

/**
 * Logs the tree while something goes wrong, and again when it is over. @returns how the first try ended
 */
export async function logThrough(
  rig: Rig,
  under: string,
  fault: Fault,
  more: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const { oracle, files } = rig;
  const wrong: string[] = [];
  const look = async (): Promise<void> => {
    const sizes = await oracle.sizes(under).catch(() => new Map<string, number>());
    for (const [name, size] of sizes)
      if (files.get(name)?.byteLength !== size) wrong.push(`${name} of ${size}`);
  };
  await forgetJournals(rig);
  await fault.begin();
  const args = [...logArgs(rig, under), '--verbose'];
  const first = await looking(look, async () => runToItsEnd(args, placeOf(rig, { ...HURRIED, ...more })));
  await fault.end();
  expectClearEnd(first);
  expect(wrong, 'seen at the store under final names').toEqual([]);
  const arrived = await expectWholeAtStore(rig, under);
  if (first.code !== 0) {
    await mustRunMlstow(logArgs(rig, under), placeOf(rig, more));
    expect(await expectWholeAtStore(rig, under)).toBe(files.size);
  } else expect(arrived).toBe(files.size);
  await expectNothingLeft(rig, under);
  return first;
}

/** Downloads what is below `under` while something goes wrong, and again when it is over. */
export async function downloadThrough(
  rig: Rig,
  under: string,
  folder: string,
  fault: Fault,
  more: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const { files } = rig;
  const wrong: string[] = [];
  const look = async (): Promise<void> => {
    for (const [name, { byteLength }] of files) {
      const facts = await stat(join(folder, name)).catch(() => undefined);
      if (facts && facts.size !== byteLength) wrong.push(`${name} of ${facts.size}`);
    }
  };
  await forgetJournals(rig);
  await fault.begin();
  const args = ['artifacts', 'download', '-r', rig.run, '-a', `${under}/`, '-d', folder];
  const first = await looking(look, async () =>
    runToItsEnd([...args, '--verbose'], placeOf(rig, { ...HURRIED, ...more })),
  );
  await fault.end();
  expectClearEnd(first);
  expect(wrong, 'seen here under final names').toEqual([]);
  const arrived = await expectWholeHere(rig, folder);
  if (first.code !== 0) {
    await mustRunMlstow(args, placeOf(rig, more));
    expect(await expectWholeHere(rig, folder)).toBe(files.size);
  } else expect(arrived).toBe(files.size);
  const names = await readdir(folder, { recursive: true });
  expect(names.filter((name) => name.endsWith('.partial'))).toEqual([]);
  await expectNothingLeft(rig, under);
  return first;
}
