import type { Check } from '../check.ts';
import { airflowTracking } from './configuration/airflow-tracking.ts';
import { serverVariables } from './configuration/server-variables.ts';

/** Every check, in the order of the report and the reference page; a check stands behind those that it needs. */
export const CHECKS: readonly Check[] = [airflowTracking, serverVariables];
