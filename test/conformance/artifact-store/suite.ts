import { describe, expect, test } from 'vitest';
import type { ArtifactStore } from '../../../src/artifacts/store.ts';
import { runningServers } from '../servers.ts';
import { freshRoot, proves, type ArtifactStoreBed, type Member } from './bed.ts';
import { incompleteCases } from './cases/incomplete.ts';
import { leftoverCases } from './cases/leftovers.ts';
import { layerCases } from './cases/layers.ts';
import { listCases } from './cases/list.ts';
import { multipartCases } from './cases/multipart.ts';
import { nameCases } from './cases/names.ts';
import { lacking, type Operation } from './cases/operations.ts';
import { readCases } from './cases/read.ts';
import { removeCases } from './cases/remove.ts';
import { resumeCases } from './cases/resume.ts';
import { statCases } from './cases/stat.ts';
import { versionCases } from './cases/versions.ts';
import { writeCases } from './cases/write.ts';
import { at } from './pattern.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** What the results of a bed's cases are reported under. */
    bed?: {
      readonly name: string;
      readonly scheme: string;
      readonly servers: readonly string[];
      readonly lacks: readonly Operation[];
    };
  }
}

/** For one case on a busy machine, in ms. */
const PATIENCE_MS = 120_000;

function membersOf({ multipart, incomplete, makeDirectory, versions }: ArtifactStore): Member[] {
  const session = multipart?.attach?.(at('file'), 'dG9rZW4', { partBytes: multipart.minBytes, media: {} });
  return [
    ...(multipart ? (['multipart'] as const) : []),
    ...(session ? (['attach'] as const) : []),
    ...(session?.confirmed ? (['confirmed'] as const) : []),
    ...(incomplete ? (['incomplete'] as const) : []),
    ...(makeDirectory ? (['makeDirectory'] as const) : []),
    ...(versions ? (['versions'] as const) : []),
  ];
}

/**
 * Registers every case of the artifact store contract that applies to a bed. A case that cannot apply is not
 * registered; none is ever skipped. Numbers are kept when cases come and go, so that they can be cited.
 */
export function artifactStoreConformance(bed: ArtifactStoreBed): void {
  describe(`artifact store contract: ${bed.name}`, { timeout: bed.patienceMs ?? PATIENCE_MS }, () => {
    test('0. the bed tells the truth about its store', async ({ task }) => {
      const store = await bed.open(freshRoot());
      const scheme = /^([a-z][a-z0-9+.-]*):/.exec(store.label)?.[1] ?? 'file';
      const servers = await runningServers(bed.programs);
      task.meta.bed = { name: bed.name, scheme, servers, lacks: lacking(bed, scheme) };
      expect(store.traits).toEqual(bed.traits);
      expect(membersOf(store).toSorted()).toEqual(bed.members.toSorted());
    });
    describe('names', () => nameCases(bed));
    describe('stat', () => statCases(bed));
    describe('list', () => listCases(bed));
    describe('read', () => readCases(bed));
    describe('write', () => writeCases(bed));
    describe('remove', () => removeCases(bed));
    if (bed.members.includes('multipart')) describe('multipart', () => multipartCases(bed));
    if (proves(bed, 'attach')) describe('resume', () => resumeCases(bed));
    if (proves(bed, 'incomplete')) {
      const cases = bed.members.includes('multipart') ? incompleteCases : leftoverCases;
      describe('incomplete', () => cases(bed));
    }
    if (proves(bed, 'versions')) describe('versions', () => versionCases(bed));
    describe('layers', () => layerCases(bed));
  });
}
