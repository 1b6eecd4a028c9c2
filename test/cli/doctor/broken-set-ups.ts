import { AIRFLOW_SET_UPS } from './set-ups/airflow.ts';
import type { BrokenSetUp } from './set-ups/broken-set-up.ts';
import { S3_SET_UPS } from './set-ups/s3.ts';
import { SETTING_SET_UPS } from './set-ups/settings.ts';
import { STORE_SET_UPS } from './set-ups/stores.ts';

/** Every broken set-up that needs no server. */
export const BROKEN_SET_UPS: readonly BrokenSetUp[] = [
  ...S3_SET_UPS,
  ...STORE_SET_UPS,
  ...SETTING_SET_UPS,
  ...AIRFLOW_SET_UPS,
];
