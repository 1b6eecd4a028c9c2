import { createGate, type Gate } from '../../../src/artifacts/layers/gate.ts';
import { guard } from '../../../src/artifacts/layers/guard.ts';
import { layered } from '../../../src/artifacts/layers/layered.ts';
import { limit } from '../../../src/artifacts/layers/limit.ts';
import { retry } from '../../../src/artifacts/layers/retry.ts';
import { trace } from '../../../src/artifacts/layers/trace.ts';
import type { ArtifactStore } from '../../../src/artifacts/store.ts';
import type { Io, TraceValue } from '../../../src/core/io.ts';
import { freshRoot, type ArtifactStoreBed } from './bed.ts';
import { fakeClock } from './fake-clock.ts';
import { faulty, type FaultPlan } from './faulty.ts';

/** What was traced: the event's name and its fields. */
export type Traced = Readonly<Record<string, TraceValue>> & { readonly event: string };

/** A store through all layers at a root of its own, on a clock that never really waits. */
export interface Case {
  readonly store: ArtifactStore;
  readonly root: string;
  readonly io: Io;
  readonly gate: Gate;
  readonly clock: ReturnType<typeof fakeClock>;
  readonly traced: readonly Traced[];
}

const POLICY = { maxRetries: 5, backoffMs: 2_000, jitterMs: 0, maxWaitMs: 120_000, respectRetryAfter: true };

/** Wraps a raw store in every layer, with faults below them when a plan is given. */
export function throughLayers(
  raw: ArtifactStore,
  root: string,
  options: { readonly plan?: FaultPlan | undefined; readonly signal?: AbortSignal | undefined } = {},
): Case {
  const clock = fakeClock();
  const gate = createGate(raw.traits.connections);
  const traced: Traced[] = [];
  const broken = options.plan ? faulty(raw, options.plan) : raw;
  const store = layered(broken, [trace(clock), guard, retry({ policy: POLICY, clock }), limit(gate)]);
  const io: Io = {
    signal: options.signal ?? new AbortController().signal,
    trace: (event, fields) => void traced.push({ ...fields, event }),
  };
  return { store, root, io, gate, clock, traced };
}

export async function openCase(
  bed: ArtifactStoreBed,
  options: { readonly plan?: FaultPlan; readonly signal?: AbortSignal } = {},
): Promise<Case> {
  const root = freshRoot();
  return throughLayers(await bed.open(root), root, options);
}
