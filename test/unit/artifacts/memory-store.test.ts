import { artifactStoreConformance } from '../../conformance/artifact-store/suite.ts';
import {
  createMemoryStore,
  MEMORY_TRAITS,
  MemoryContent,
} from '../../conformance/artifact-store/memory-store.ts';
import type { ArtifactStoreBed } from '../../conformance/artifact-store/bed.ts';
import type { Traits } from '../../../src/artifacts/store.ts';
import type { Multipart } from '../../../src/artifacts/store.ts';

function memoryBed(
  name: string,
  differing: Partial<Traits>,
  multipart?: Multipart['order'],
): ArtifactStoreBed {
  const roots = new Map<string, MemoryContent>();
  const traits = { ...MEMORY_TRAITS, ...differing };
  return {
    name,
    traits,
    versions: 'strong',
    members: [
      ...(multipart ? (['multipart', 'attach', 'confirmed', 'incomplete'] as const) : []),
      ...(traits.directories === 'real' ? (['makeDirectory'] as const) : []),
    ],
    refusedName: 'a|b',
    manyParts: 7,
    manyUploads: 7,
    open: async (root) => {
      const content = roots.get(root) ?? new MemoryContent();
      roots.set(root, content);
      return createMemoryStore(differing, { content, ...(multipart ? { multipart } : {}) });
    },
    leftovers: async (root) => [...(roots.get(root)?.objects.keys() ?? [])],
  };
}

artifactStoreConformance(memoryBed('memory, as an object store', {}, 'any'));
artifactStoreConformance(
  memoryBed(
    'memory, as a file server with one connection',
    {
      ranges: 'from',
      publish: 'gap',
      ifAbsent: 'checked',
      directories: 'real',
      connections: 1,
      removeBatch: 1,
      proofs: [],
    },
    'sequential',
  ),
);
artifactStoreConformance(
  memoryBed(
    'memory, with the least a store can do',
    {
      ranges: 'none',
      publish: 'direct',
      ifAbsent: 'none',
      order: 'none',
      stat: 'lists-parent',
      unknownLength: 'multipart',
      connections: 1,
    },
    'any',
  ),
);
