import { expect, test } from 'vitest';
import type { ArtifactStoreBed } from '../bed.ts';
import { expectFailure } from '../expect-failure.ts';
import { openCase, throughLayers } from '../open-case.ts';
import { at, put } from '../pattern.ts';

export function statCases(bed: ArtifactStoreBed): void {
  test('5. a file has a kind and a size, and keeps its version', async () => {
    const case_ = await openCase(bed);
    await put(case_, 'dir/file.bin', 'seven b');
    const first = await case_.store.stat(at('dir/file.bin'), case_.io);
    expect(first).toMatchObject({ path: 'dir/file.bin', kind: 'file', size: 7 });
    expect((await case_.store.stat(at('dir/file.bin'), case_.io))?.version).toEqual(first?.version);
    expect(first?.version?.strong ?? 'none').toBe({ strong: true, weak: false, none: 'none' }[bed.versions]);
  });

  if (bed.versions !== 'none') {
    test('5b. other content has another version', async () => {
      const case_ = await openCase(bed);
      const { entry } = await put(case_, 'file', 'before');
      await put(case_, 'file', 'behind');
      const now = await case_.store.stat(at('file'), case_.io);
      expect(now?.version?.id).toBeTruthy();
      expect(now?.version?.id).not.toBe(entry.version?.id);
    });
  }

  test('6. what is absent is undefined', async () => {
    const case_ = await openCase(bed);
    await put(case_, 'dir/file', 'x');
    for (const path of ['nothing', 'dir/nothing', 'no/such/dir', 'dir/file/below', 'dir/fil']) {
      expect(await case_.store.stat(at(path), case_.io), path).toBeUndefined();
    }
    expect(await case_.store.facts(case_.io)).toMatchObject({ anchor: 'present' });
  });

  const { deny, openMissing, link } = bed;
  if (deny) {
    test('6b. what may not be seen is denied, not absent', async () => {
      const case_ = await openCase(bed);
      await put(case_, 'locked/file', 'x');
      await deny(case_.root, 'locked/file', async () => {
        await expectFailure(case_.store.stat(at('locked/file'), case_.io), 'denied');
        await expectFailure(case_.store.read(at('locked/file'), {}, case_.io), 'denied');
      });
    });
  }
  if (openMissing) {
    test('6c. without its container the anchor is absent', async () => {
      const case_ = throughLayers(await openMissing(), '');
      expect(await case_.store.facts(case_.io)).toMatchObject({ anchor: 'absent' });
    });
  }

  test('7. a prefix with something below it is no file', async () => {
    const case_ = await openCase(bed);
    await put(case_, 'dir/sub/file', 'x');
    const kind = (await case_.store.stat(at('dir/sub'), case_.io))?.kind;
    expect(bed.traits.directories === 'real' ? ['directory'] : ['directory', undefined]).toContain(kind);
  });

  if (link) {
    test('8. a link is of kind other, whatever it points to', async () => {
      const case_ = await openCase(bed);
      await put(case_, 'dir/file', 'x');
      for (const [name, target] of [
        ['to-file', 'dir/file'],
        ['to-dir', 'dir'],
        ['to-nothing', 'gone'],
        ['to-outside', '/etc'],
      ] as const) {
        await link(case_.root, name, target);
        expect((await case_.store.stat(at(name), case_.io))?.kind, name).toBe('other');
      }
    });
  }

  test('9. zero bytes are a size', async () => {
    const case_ = await openCase(bed);
    const { entry } = await put(case_, 'empty', '');
    expect(entry.size).toBe(0);
    expect(await case_.store.stat(at('empty'), case_.io)).toMatchObject({ kind: 'file', size: 0 });
  });
}
