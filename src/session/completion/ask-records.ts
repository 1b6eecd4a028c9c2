import { Failure } from '../../core/failure.ts';
import type { Session } from '../session.ts';
import { openCandidateCache } from './candidate-cache.ts';
import { findCandidates, type Candidate, type Wanted } from './find-candidates.ts';

/** How long a shell that has nothing yet is kept waiting, in ms: with starting up, a fifth of a second. */
const PATIENCE_MS = 100;
/** How long an answer is offered without looking again, in ms. */
const FRESH_MS = 5_000;
/** How long looking again may take, in ms; nobody waits for it. */
const BACKGROUND_MS = 20_000;

/** One question to the records, and to the answers that were kept. */
export interface AskRecords {
  /**
   * What is known within a moment: an earlier answer, or what the records say at once. What is old or late is looked up
   * behind the shell's back by `inBackground`, for the next time.
   */
  readonly quickly: (inBackground: () => Promise<void>) => Promise<readonly Candidate[]>;
  /** Asks the records and keeps the answer. */
  readonly patiently: () => Promise<readonly Candidate[]>;
}

/** Others who ask the same of other records, or as another user, are not given this answer. The cache keeps a hash. */
async function questionOf(session: Session, wanted: Wanted): Promise<string> {
  const { config } = session;
  const who = [config.get('tracking.username'), config.get('tracking.workspace')];
  return JSON.stringify([await session.trackingUri(), who, wanted]);
}

/** Prepares a question. @throws Failure misconfigured */
export async function askRecords(session: Session, wanted: Wanted): Promise<AskRecords> {
  const cache = openCandidateCache(session.world);
  const question = await questionOf(session, wanted);
  const now = () => session.world.clock.now();
  const live = async (ms: number): Promise<readonly Candidate[]> => {
    const late = new Failure({
      kind: 'timeout',
      message: 'the records took too long',
      subject: 'tracking.uri',
    });
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(late), ms);
    const limited = session.limited({ signal: controller.signal });
    try {
      const candidates = await findCandidates(limited, wanted);
      await cache.write(question, { foundAt: now(), askedAt: now(), candidates });
      return candidates;
    } finally {
      clearTimeout(timer);
      await limited.close();
    }
  };
  return {
    patiently: async () => live(BACKGROUND_MS),
    quickly: async (inBackground) => {
      const kept = await cache.read(question);
      const known = kept !== undefined && kept.foundAt > 0;
      if (known && now() - kept.foundAt < FRESH_MS) return kept.candidates;
      const isAsking = kept !== undefined && now() - kept.askedAt < FRESH_MS;
      if (!known && !isAsking) {
        const found = await inTime(live(PATIENCE_MS));
        if (found) return found;
      }
      if (!isAsking) {
        const { foundAt, candidates } = kept ?? { foundAt: 0, candidates: [] };
        await cache.write(question, { foundAt, candidates, askedAt: now() });
        await inBackground();
      }
      return kept?.candidates ?? [];
    },
  };
}

/** Undefined when the time was too short; what went wrong otherwise is told. */
async function inTime<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.kind !== 'timeout' && thrown.kind !== 'cancelled') throw thrown;
    return undefined;
  }
}
