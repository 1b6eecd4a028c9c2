import type { DoctorPlace, Environment } from '../doctor-place.ts';
import type { Blanks } from '../follow-remedy.ts';

/** A set-up with one thing wrong. */
export interface BrokenSetUp {
  readonly what: string;
  readonly id: string;
  readonly level: 'warn' | 'fail';
  readonly env?: Environment | ((place: DoctorPlace) => Environment);
  readonly args?: readonly string[];
  readonly build?: (place: DoctorPlace) => Promise<unknown>;
  /** Parts of the evidence. */
  readonly evidence: readonly string[];
  /** Parts of the remedy. */
  readonly remedy: readonly string[];
  /** What a person puts where the remedy leaves something open; made where it has to be. */
  readonly blanks?: Blanks | ((place: DoctorPlace) => Promise<Blanks>);
  /** Does what the remedy says where it is neither a variable nor a command. */
  readonly mend?: (place: DoctorPlace, remedy: string) => Promise<unknown>;
}
