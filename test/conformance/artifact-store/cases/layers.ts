import { expect, test } from 'vitest';
import type { Verb } from '../../../../src/artifacts/layers/layer.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { freshRoot, type ArtifactStoreBed } from '../bed.ts';
import { expectFailure } from '../expect-failure.ts';
import { openCase, throughLayers, type Case } from '../open-case.ts';
import { at, bytesOf, entriesOf, get, pattern, patternSource, put } from '../pattern.ts';

type Act = (case_: Case) => Promise<unknown>;

function actsOf(bed: ArtifactStoreBed): readonly (readonly [Verb, Act])[] {
  const begin: Act = async ({ store, io }) =>
    store.multipart!.begin(at('big'), { partBytes: store.multipart!.minBytes, media: {} }, io);
  const makeDirectory: Act = async ({ store, io }) => store.makeDirectory!(at('made'), io);
  return [
    ['stat', async ({ store, io }) => store.stat(at('file'), io)],
    ['page', async (case_) => entriesOf(case_)],
    ['read', async (case_) => get(case_, 'file')],
    ['write', async ({ store, io }) => store.write(at('other'), patternSource(100), {}, io)],
    ['remove', async ({ store, io }) => store.remove([{ path: at('file'), kind: 'file' }], io)],
    ['facts', async ({ store, io }) => store.facts(io)],
    ...(bed.members.includes('multipart') ? ([['begin', begin]] as const) : []),
    ...(bed.members.includes('makeDirectory') ? ([['make-directory', makeDirectory]] as const) : []),
  ];
}

export function layerCases(bed: ArtifactStoreBed): void {
  const acts = actsOf(bed);

  test.each(acts)('58. %s settles as cancelled when it is aborted while it waits', async (verb, act) => {
    const aborting = new AbortController();
    const root = freshRoot();
    const raw = await bed.open(root);
    await put(throughLayers(raw, root), 'file', 'x');
    const case_ = throughLayers(raw, root, {
      signal: aborting.signal,
      plan: (asked) => {
        if (asked !== verb) return undefined;
        setImmediate(() => aborting.abort());
        return { hangs: true };
      },
    });
    await expectFailure(act(case_), 'cancelled');
    const calm = { ...case_, io: { signal: new AbortController().signal } };
    expect(await get({ ...calm, store: throughLayers(raw, root).store }, 'file')).toHaveLength(1);
  });

  test.each(acts)('58b. %s does not start once it is aborted', async (_verb, act) => {
    const case_ = await openCase(bed, { signal: AbortSignal.abort() });
    await expectFailure(act(case_), 'cancelled');
  });

  test('58c. a write aborted in the middle publishes nothing', async () => {
    const aborting = new AbortController();
    const case_ = await openCase(bed, { signal: aborting.signal });
    const slow = patternSource(3_000_000);
    const source = {
      ...slow,
      open: async (from: number, signal: AbortSignal) => {
        const stream = await slow.open(from, signal);
        stream.once('data', () => aborting.abort());
        stream.pause();
        return stream;
      },
    };
    await expectFailure(case_.store.write(at('file'), source, {}, case_.io), 'cancelled');
    const after = { ...case_, io: { signal: new AbortController().signal } };
    expect(await entriesOf(after)).toEqual([]);
    expect((await bed.leftovers?.(case_.root)) ?? []).toEqual([]);
  });

  test('58d. a body aborted in the middle fails as cancelled and gives its permit back', async () => {
    const aborting = new AbortController();
    const case_ = await openCase(bed);
    await put(case_, 'file', pattern(2_000_000));
    for (let i = 0; i < bed.traits.connections; i += 1) {
      const body = await case_.store.read(at('file'), {}, { signal: aborting.signal });
      if (i === bed.traits.connections - 1) {
        body.stream.once('data', () => aborting.abort());
        await expectFailure(bytesOf(body), 'cancelled');
      } else body.stream.on('error', () => undefined);
    }
    expect(await get(case_, 'file')).toHaveLength(2_000_000);
  });

  test('60. what the server asks to wait is waited; the gate narrows and widens again', async () => {
    const busy = new Failure({
      kind: 'throttled',
      message: 'slow down',
      subject: '',
      retry: 'later',
      retryAfterMs: 17_000,
    });
    const case_ = await openCase(bed, {
      plan: (verb, nth) => (verb === 'stat' && nth === 1 ? { before: busy } : undefined),
    });
    const widest = case_.gate.width;
    await case_.store.stat(at('file'), case_.io);
    expect(case_.clock.waits).toEqual([17_000]);
    if (widest > 3) expect(case_.gate.width).toBeLessThan(widest);
    for (let i = 0; i < widest * widest; i += 1) await case_.store.stat(at('file'), case_.io);
    expect(case_.gate.width).toBe(widest);
  });
}
