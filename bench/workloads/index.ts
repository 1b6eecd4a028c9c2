import { ftp } from './ftp.ts';
import { gcPlan, gcRows, gcS3 } from './gc.ts';
import { hdfs } from './hdfs.ts';
import { local } from './local.ts';
import { proxied } from './proxied.ts';
import { list } from './list.ts';
import { s3Delete } from './s3-delete.ts';
import { s3Large } from './s3-large.ts';
import { s3Medium } from './s3-medium.ts';
import { s3Small } from './s3-small.ts';
import { sftp } from './sftp.ts';
import { startUp } from './start-up.ts';
import type { Workload } from './workload.ts';

/** All workloads by name, in the order in which they are run and shown. */
export const WORKLOADS: Readonly<Record<string, Workload>> = {
  'start-up': startUp,
  's3-small': s3Small,
  's3-medium': s3Medium,
  's3-large': s3Large,
  's3-delete': s3Delete,
  'gc-s3': gcS3,
  'gc-rows': gcRows,
  'gc-plan': gcPlan,
  list,
  proxied,
  sftp,
  ftp,
  hdfs,
  local,
};
