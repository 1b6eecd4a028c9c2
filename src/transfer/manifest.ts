import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { cannotWrite } from '../core/whole-file.ts';
import type { MoveWhy, SkipWhy } from './items.ts';
import type { Observer, Proof } from './report.ts';
import type { DifferenceWhy } from './verify/difference.ts';
import type { VerifyObserver } from './verify/verify.ts';

/** One line of a manifest: what became of one file. */
export interface ManifestLine {
  readonly path: string;
  /** On this machine; `-` for standard input. */
  readonly local?: string;
  readonly bytes?: number;
  /** `same` and `differs` of a verification. */
  readonly action: 'moved' | 'skipped' | 'failed' | 'same' | 'differs';
  readonly why?: MoveWhy | SkipWhy | DifferenceWhy;
  /** What proved that it is whole. */
  readonly verified?: Proof;
  /** `algorithm:hex` of the whole file, where the store knows one. */
  readonly checksum?: string;
  readonly error?: string;
  /** How it differs, in words. */
  readonly detail?: string;
}

/** A file of JSON Lines that says of each file what became of it. */
export interface Manifest {
  /** An observer that writes down what it is told and tells it on. */
  observing(observer: Observer): Observer;
  /** The same for one that compares and moves nothing. */
  verifying(observer: VerifyObserver): VerifyObserver;
  /** @throws Failure no-space, denied: not every line could be written */
  close(): void;
}

/** How many characters wait until they are written, and for how long, in ms. */
const MOST_WAITING = 16 * 1024;
const WAIT_MS = 200;

/**
 * Opens a manifest, replacing an earlier one. Lines reach it whole, soon, and on every way out of the process but a kill.
 * @throws Failure as `cannotWrite`: nothing can be written there
 */
export function openManifest(file: string): Manifest {
  const lines = createLines(file);
  const put = (line: ManifestLine): void => lines.put(`${JSON.stringify(line)}\n`);
  return {
    observing: (observer) => writtenDown(observer, put, 'moved'),
    verifying: (observer) => ({
      ...observer,
      ...writtenDown(observer, put, 'same'),
      differs: (difference) => {
        const { path, local, bytes, why, detail } = difference;
        const facts = { ...(bytes === undefined ? {} : { bytes }), action: 'differs', why } as const;
        put({ path, local, ...facts, ...(detail === undefined ? {} : { detail }) });
        observer.differs(difference);
      },
    }),
    close: () => lines.close(),
  };
}

function writtenDown(
  observer: Observer,
  put: (line: ManifestLine) => void,
  action: 'moved' | 'same',
): Observer {
  return {
    ...observer,
    done: (moved) => {
      const { path, local, bytes, why, proof, checksum } = moved;
      const known = checksum ? { checksum: `${checksum.algorithm}:${checksum.value}` } : {};
      put({ path, local, bytes, action, ...(why ? { why } : {}), verified: proof, ...known });
      observer.done(moved);
    },
    skipped: (skipped) => {
      const { path, local, bytes, why } = skipped;
      const facts = {
        ...(local === undefined ? {} : { local }),
        ...(bytes === undefined ? {} : { bytes }),
      };
      put({ path, ...facts, action: 'skipped', why });
      observer.skipped(skipped);
    },
    failed: (lost) => {
      const { path, local, failure } = lost;
      put({ path, local, action: 'failed', error: failure.message });
      observer.failed(lost);
    },
  };
}

interface Lines {
  put(line: string): void;
  close(): void;
}

function createLines(file: string): Lines {
  const handle = attempt(file, () => openSync(file, 'w'));
  let waiting = '';
  let written = 0;
  let broken: unknown;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const bytes = Buffer.from(waiting);
    waiting = '';
    if (broken !== undefined || bytes.length === 0) return;
    try {
      writeAll(handle, bytes, written);
      written += bytes.length;
    } catch (thrown) {
      broken = thrown;
    }
  };
  process.once('exit', flush);
  return {
    put: (line) => {
      waiting += line;
      if (waiting.length >= MOST_WAITING) flush();
      else timer ??= setTimeout(flush, WAIT_MS).unref();
    },
    close: () => {
      flush();
      process.off('exit', flush);
      closeSync(handle);
      if (broken !== undefined) throw cannotWrite(file, broken);
    },
  };
}

/** What a full disk lets through of a line is taken back. */
function writeAll(handle: number, bytes: Buffer, from: number): void {
  let done = 0;
  try {
    while (done < bytes.length) done += writeSync(handle, bytes, done);
  } catch (thrown) {
    const whole = bytes.subarray(0, done).lastIndexOf('\n') + 1;
    if (whole < done) ftruncateSync(handle, from + whole);
    throw thrown;
  }
}

function attempt<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    throw cannotWrite(file, thrown);
  }
}
