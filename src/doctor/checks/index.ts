import type { Check } from '../check.ts';
import { configurationChecks } from './configuration/index.ts';
import { liveChecks } from './live/index.ts';

/** Every check, in the order of the report and the reference page; a check stands behind those that it needs. */
export const CHECKS: readonly Check[] = [...configurationChecks, ...liveChecks];
