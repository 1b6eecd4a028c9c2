import { expect, test } from 'vitest';
import type { ArtifactStore } from '../../../../src/artifacts/store.ts';
import type { ArtifactPath } from '../../../../src/core/artifact-path.ts';
import { freshRoot, type ArtifactStoreBed } from '../bed.ts';
import { expectFailure } from '../expect-failure.ts';
import { openCase, throughLayers } from '../open-case.ts';
import { at, bytesOf, entriesOf, filesOf, get, patternSource, put } from '../pattern.ts';

const ODD = [
  'plain.txt',
  'two words.txt',
  'per%cent',
  '100%25.txt',
  'a%20b',
  'hash#tag',
  'what?',
  'a:b.txt',
  'a+b=c&d',
  "it's",
  '(round) [square] {curly}',
  '.hidden',
  'dir.with.dots/..data',
  'tilde~and$dollar',
  'comma,semi;colon',
  'Grüße/größe.txt',
  'nfc-\u00e9',
  'nfd-e\u0301',
  'emoji-🎉/🦔.bin',
  'astral-\u{10400}',
  'private-\uffee',
  `long-${'n'.repeat(200)}`,
];

const HOSTILE = [
  '../up',
  'a/../../up',
  '/etc/passwd',
  'a\r\nb',
  'a//b',
  './a',
  'a/..',
  '',
  '%2e%2e/up',
  'a\0b',
];

export function nameCases(bed: ArtifactStoreBed): void {
  test('1. odd names come back byte for byte', async () => {
    const case_ = await openCase(bed);
    const names = ODD.filter((name) => case_.store.accepts(at(name)) === undefined);
    expect(names.length).toBeGreaterThan(ODD.length / 2);
    for (const name of names) await put(case_, name, name);
    expect((await filesOf(case_)).toSorted()).toEqual(names.toSorted());
    for (const name of names) {
      expect((await get(case_, name)).toString()).toBe(name);
      expect((await case_.store.stat(at(name), case_.io))?.path).toBe(name);
    }
    const removals = names.map((name) => ({ path: at(name), kind: 'file' }) as const);
    expect(await case_.store.remove(removals, case_.io)).toEqual([]);
    expect(await filesOf(case_)).toEqual([]);
  });

  if (bed.refusedName !== undefined) {
    const refused = bed.refusedName;
    test('2. a name that cannot be held is refused in the same words, before a request', async () => {
      const case_ = await openCase(bed);
      const reason = case_.store.accepts(at(refused));
      expect(reason).toBeTruthy();
      const failure = await expectFailure(put(case_, refused, 'x'), 'invalid');
      expect(failure.message).toContain(reason);
      expect(case_.traced).toEqual([]);
    });
  }

  test.each(HOSTILE)('3. a hostile name in a listing (%j) is an error naming it', async (name) => {
    const raw = await bed.open(freshRoot());
    const hostile: ArtifactStore = {
      ...raw,
      list: async function* () {
        yield [
          { path: at('good'), kind: 'file', checksums: [] },
          { path: name as ArtifactPath, kind: 'file', checksums: [] },
        ];
      },
    };
    const failure = await expectFailure(entriesOf(throughLayers(hostile, '')), 'corrupt');
    expect(failure.message).toContain(JSON.stringify(name));
  });

  test('3b. a listing that names what is outside of the directory listed is an error', async () => {
    const raw = await bed.open(freshRoot());
    const hostile: ArtifactStore = {
      ...raw,
      list: async function* () {
        yield [{ path: at('elsewhere/secret'), kind: 'file', checksums: [] }];
      },
    };
    await expectFailure(entriesOf(throughLayers(hostile, ''), 'here'), 'corrupt');
  });

  if (bed.plant && bed.hiddenNames) {
    const { plant, hiddenNames } = bed;
    test('4. temporary names are never listed', async () => {
      const case_ = await openCase(bed);
      await put(case_, 'dir/shown.txt', 'x');
      for (const name of hiddenNames) {
        await plant(case_.root, name, Buffer.from('half'));
        await plant(case_.root, `dir/${name}`, Buffer.from('half'));
      }
      expect(await filesOf(case_)).toEqual(['dir/shown.txt']);
      expect((await entriesOf(case_, 'dir', false)).map(({ path }) => path)).toEqual(['dir/shown.txt']);
    });
  }

  test('4b. one name may be the beginning of another', async () => {
    const case_ = await openCase(bed);
    for (const name of ['model', 'model.pkl', 'model-2/model']) {
      await case_.store.write(at(name), patternSource(name.length), {}, case_.io);
    }
    expect((await filesOf(case_)).toSorted()).toEqual(['model', 'model-2/model', 'model.pkl']);
    expect(await bytesOf(await case_.store.read(at('model'), {}, case_.io))).toHaveLength(5);
  });
}
