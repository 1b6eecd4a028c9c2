import { expect, test } from 'vitest';
import { Failure } from '../../../../src/core/failure.ts';
import type { Removal } from '../../../../src/artifacts/store.ts';
import { freshRoot, type ArtifactStoreBed } from '../bed.ts';
import { expectFailure } from '../expect-failure.ts';
import { fill } from '../fill.ts';
import { openCase, throughLayers } from '../open-case.ts';
import { at, entriesOf, filesOf, get, put } from '../pattern.ts';

const file = (path: string): Removal => ({ path: at(path), kind: 'file' });
const directory = (path: string): Removal => ({ path: at(path), kind: 'directory' });

export function removeCases(bed: ArtifactStoreBed): void {
  test('41. removing is done when nothing is there, and twice', async () => {
    const case_ = await openCase(bed);
    await put(case_, 'dir/file', 'x');
    await put(case_, 'dir/files', 'x');
    expect(await case_.store.remove([file('nothing'), file('no/where'), file('dir/file')], case_.io)).toEqual(
      [],
    );
    expect(await case_.store.remove([file('dir/file')], case_.io)).toEqual([]);
    expect(await case_.store.remove([file('dir/files/below')], case_.io)).toEqual([]);
    expect(await case_.store.remove([], case_.io)).toEqual([]);
    expect(await filesOf(case_)).toEqual(['dir/files']);
  });

  test('42. a batch of one more than a batch takes', async () => {
    const case_ = await openCase(bed);
    const names = Array.from({ length: bed.traits.removeBatch + 1 }, (_, i) => `batch/f${i}`);
    await fill(bed, case_, names);
    expect(await case_.store.remove(names.map(file), case_.io)).toEqual([]);
    expect(await filesOf(case_)).toEqual([]);
  });

  const { deny, link } = bed;
  if (deny) {
    test('43. of many, the one that is denied is returned alone', async () => {
      const case_ = await openCase(bed);
      const names = ['a', 'locked/b', 'c/d'];
      for (const name of names) await put(case_, name, 'x');
      await deny(case_.root, 'locked/b', async () => {
        const undone = await case_.store.remove(names.map(file), case_.io);
        expect(undone.map(({ removal, failure }) => [removal.path, failure.kind])).toEqual([
          ['locked/b', 'denied'],
        ]);
      });
      expect(await filesOf(case_)).toEqual(['locked/b']);
    });
  }

  test('43b. what cannot be removed for the moment is tried again, alone', async () => {
    const root = freshRoot();
    const raw = await bed.open(root);
    const asked: number[] = [];
    const busy = new Failure({ kind: 'throttled', message: 'slow down', subject: '', retry: 'later' });
    const flaky = {
      ...raw,
      remove: async (batch: readonly Removal[], io: Parameters<typeof raw.remove>[1]) => {
        asked.push(batch.length);
        const now = asked.length === 1 ? batch.slice(1) : batch;
        const later = asked.length === 1 ? batch.slice(0, 1) : [];
        return [...(await raw.remove(now, io)), ...later.map((removal) => ({ removal, failure: busy }))];
      },
    };
    const case_ = throughLayers({ ...flaky, traits: { ...raw.traits, removeBatch: 10 } }, root);
    const names = ['one', 'two', 'three'];
    for (const name of names) await put(case_, name, 'x');
    const batches = Math.min(raw.traits.removeBatch, names.length);
    if (batches === names.length) {
      expect(await case_.store.remove(names.map(file), case_.io)).toEqual([]);
      expect(asked).toEqual([3, 1]);
      expect(await filesOf(case_)).toEqual([]);
    } else {
      expect(await case_.store.remove([file('one')], case_.io)).toEqual([]);
      expect(asked).toEqual([1, 1]);
    }
  });

  if (bed.traits.directories === 'real') {
    test('44. a directory goes when it is empty and stays when it is not', async () => {
      const case_ = await openCase(bed);
      await put(case_, 'dir/sub/file', 'x');
      const undone = await case_.store.remove([directory('dir'), directory('dir/sub')], case_.io);
      expect(undone.map(({ removal }) => removal.path)).toEqual(['dir', 'dir/sub']);
      expect(await get(case_, 'dir/sub/file')).toHaveLength(1);
      const batch = [file('dir/sub/file'), directory('dir/sub'), directory('dir'), directory('dir')];
      expect(await case_.store.remove(batch, case_.io)).toEqual([]);
      expect(await entriesOf(case_)).toEqual([]);
    });

    test('44b. a thing of another kind is not removed', async () => {
      const case_ = await openCase(bed);
      await put(case_, 'dir/file', 'x');
      const undone = await case_.store.remove([file('dir'), directory('dir/file')], case_.io);
      expect(undone.map(({ failure }) => failure.kind)).toEqual(['wrong-kind', 'wrong-kind']);
      expect(await filesOf(case_)).toEqual(['dir/file']);
    });
  }

  if (link) {
    test('45. a link is removed, its target stays', async () => {
      const case_ = await openCase(bed);
      await put(case_, 'dir/file', 'x');
      await link(case_.root, 'to-file', 'dir/file');
      await link(case_.root, 'to-dir', 'dir');
      expect(await case_.store.remove([file('to-file'), file('to-dir')], case_.io)).toEqual([]);
      expect((await entriesOf(case_, '', false)).map(({ path }) => path)).toEqual(['dir']);
      expect(await get(case_, 'dir/file')).toHaveLength(1);
    });

    test('45b. nothing is removed through a link', async () => {
      const case_ = await openCase(bed);
      await put(case_, 'dir/file', 'x');
      await link(case_.root, 'to-dir', 'dir');
      const undone = await case_.store.remove([file('to-dir/file')], case_.io);
      expect(undone.map(({ failure }) => failure.kind)).toEqual(['denied']);
      expect(await get(case_, 'dir/file')).toHaveLength(1);
    });
  }

  if (bed.members.includes('makeDirectory')) {
    test('44c. an empty directory is made, listed, and made again', async () => {
      const case_ = await openCase(bed);
      await case_.store.makeDirectory!(at('deep/empty'), case_.io);
      await case_.store.makeDirectory!(at('deep/empty'), case_.io);
      expect((await entriesOf(case_)).map(({ path, kind }) => [path, kind])).toEqual([
        ['deep', 'directory'],
        ['deep/empty', 'directory'],
      ]);
      await put(case_, 'file', 'x');
      await expectFailure(case_.store.makeDirectory!(at('file'), case_.io), 'wrong-kind');
      await expectFailure(case_.store.makeDirectory!(at('file/below'), case_.io), 'wrong-kind');
    });
  }
}
