import type { ArtifactStoreBed } from '../bed.ts';

/** What a store is asked to do, as the table of proofs names it. */
export const OPERATIONS = [
  'list',
  'stat',
  'read',
  'ranged read',
  'write',
  'multipart',
  'resume',
  'delete',
  'checksum',
  'presign',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * The operations that each case proves, by its number. A case counts where the store answers for itself: what is proven
 * of the layers above all stores (58 to 60), or of the bed (0), proves no operation of a server.
 */
export const PROVEN: Readonly<Record<string, readonly Operation[]>> = {
  '0': [],
  '1': ['write', 'list', 'read', 'stat', 'delete'],
  '2': ['write'],
  '3': [],
  '3b': [],
  '4': ['list'],
  '4b': ['list', 'read', 'write'],
  '5': ['stat'],
  '5b': ['stat'],
  '6': ['stat'],
  '6b': ['stat', 'read'],
  '6c': ['stat'],
  '7': ['stat'],
  '8': ['stat'],
  '9': ['stat'],
  '10': ['list'],
  '11': ['list'],
  '12': ['list'],
  '13': ['list'],
  '13b': ['list'],
  '14': ['list'],
  '15': ['list'],
  '16': ['list'],
  '17': ['list'],
  '18': ['list'],
  '18b': ['list'],
  '19': ['list', 'read'],
  '20': ['list'],
  '21': ['list'],
  '22': ['read'],
  '23': ['ranged read'],
  '23b': ['ranged read'],
  '24': ['ranged read'],
  '26': ['read'],
  '27': ['read'],
  '27b': ['resume', 'ranged read'],
  '27c': ['resume'],
  '27d': ['resume'],
  '28': ['read', 'write'],
  '29': ['read'],
  '29b': ['read'],
  '30': ['read'],
  '30b': ['write'],
  '31': ['write'],
  '31b': ['write', 'read'],
  '32': ['write'],
  '33': ['write'],
  '33b': ['write'],
  '34': ['write'],
  '34b': ['write'],
  '35': ['write'],
  '36': ['write'],
  '36b': ['write'],
  '37': ['checksum', 'write'],
  '38': ['write'],
  '38b': ['write'],
  '41': ['delete'],
  '42': ['delete'],
  '43': ['delete'],
  '43b': ['delete'],
  '44': ['delete'],
  '44b': ['delete'],
  '44c': ['write', 'list'],
  '45': ['delete'],
  '45b': ['delete'],
  '47': ['multipart'],
  '47b': ['multipart'],
  '48': ['multipart'],
  '50': ['multipart'],
  '50b': ['multipart'],
  '50c': ['multipart'],
  '50d': ['multipart'],
  '50e': ['multipart'],
  '50f': ['multipart'],
  '50g': ['multipart'],
  '51': ['multipart'],
  '51b': ['multipart'],
  '52': ['multipart'],
  '58': [],
  '58b': [],
  '58c': ['write'],
  '58d': ['read'],
  '60': [],
  '61': ['multipart'],
  '61b': ['multipart'],
  '61c': ['multipart'],
  '62': ['multipart'],
  '62b': ['multipart'],
  '62c': ['multipart'],
  '63': ['multipart'],
  '63b': ['multipart'],
  '64': ['list'],
  '64b': ['delete'],
  '64c': ['write'],
};

/** Why a store may not have an operation. */
export const REASONS: Readonly<Partial<Record<Operation, string>>> = {
  'ranged read': 'The store gives whole objects only.',
  multipart: 'A file goes as one stream; the store takes no parts.',
  resume:
    'A read that breaks is begun anew, not continued: that takes reads from anywhere, and a version that proves the object unchanged.',
  checksum:
    'The server confirms no digest of what it received: a write is proven by its size, or by nothing.',
  presign: 'No signed URLs are used on this way to the store.',
};

/** Which operations a store of these traits does not have; `REASONS` tells why. */
export function lacking({ traits, members, ...bed }: ArtifactStoreBed, scheme: string): readonly Operation[] {
  const continues = traits.ranges === 'any' && (bed.versions === 'strong' || bed.bodyVersions === true);
  const parts = members.includes('multipart');
  const has: Partial<Record<Operation, boolean>> = {
    'ranged read': traits.ranges !== 'none',
    multipart: parts,
    resume: continues,
    checksum: traits.proofs.length > 0,
    presign: scheme === 'mlflow-artifacts' && parts,
  };
  return OPERATIONS.filter((operation) => has[operation] === false);
}
