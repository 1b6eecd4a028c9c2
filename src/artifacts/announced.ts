import { digestAmong, type Checksum } from '../core/checksum.ts';
import { Failure } from '../core/failure.ts';
import { createTally, type Tally } from '../core/hash.ts';

/** A tally of some digests and of those that a source announces. */
export function tallyOf(algorithms: readonly Checksum['algorithm'][], announced: readonly Checksum[]): Tally {
  const whole = announced.filter(({ scope }) => scope === 'whole').map(({ algorithm }) => algorithm);
  return createTally([...algorithms, ...whole]);
}

/** More or fewer bytes than a source announced. */
export function wrongSize(found: number, announced: number): Failure {
  return new Failure({
    kind: 'changed',
    message: `the bytes to send are ${found}, not ${announced} as announced`,
    subject: 'source',
    hint: 'log the file again when nothing writes to it any more',
  });
}

/** @throws Failure corrupt when a digest is not the one announced */
export function confirmDigests(announced: readonly Checksum[], found: readonly Checksum[]): void {
  for (const { algorithm, value, scope } of announced) {
    const digest = digestAmong(found, algorithm);
    if (scope === 'whole' && digest !== undefined && digest !== value.toLowerCase()) {
      throw new Failure({
        kind: 'corrupt',
        message: `the bytes have ${algorithm} ${digest}, not ${value} as announced`,
        subject: algorithm,
      });
    }
  }
}
