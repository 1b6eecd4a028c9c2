import type { Origin } from '../../config/origin.ts';

/** What to type so that a value is no longer set: `unset AWS_CA_BUNDLE`. */
export function undo(origin: Origin): string {
  switch (origin.from) {
    case 'flag':
      return `leave out ${origin.name}`;
    case 'environment':
      return `unset ${origin.name}`;
    default:
      return `remove ${origin.name} from ${origin.file ?? 'the configuration'}${origin.line === undefined ? '' : `, line ${origin.line}`}`;
  }
}

/** What to type so that the same place gives another value: `set AWS_REGION=eu-west-1`. */
export function setTo(origin: Origin, value: string): string {
  switch (origin.from) {
    case 'flag':
      return `give ${origin.name} ${value}`;
    case 'environment':
      return `set ${origin.name}=${value}`;
    default:
      return `write ${origin.name}: ${value} in ${origin.file ?? 'the configuration'}${origin.line === undefined ? '' : `, line ${origin.line}`}`;
  }
}
