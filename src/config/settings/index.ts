import { defineSettings, type SettingDeclaration, type SettingValue } from '../setting.ts';
import { AIRFLOW } from './airflow.ts';
import { ARTIFACTS } from './artifacts.ts';
import { AZURE } from './azure.ts';
import { CLI, GC } from './cli.ts';
import { DATABASE } from './database.ts';
import { FTP } from './ftp.ts';
import { GCS } from './gcs.ts';
import { HDFS } from './hdfs.ts';
import { HTTP, NET } from './http.ts';
import { S3 } from './s3.ts';
import { SERVER } from './server.ts';
import { SFTP } from './sftp.ts';
import { TRACKING } from './tracking.ts';

/** Every setting there is. The part of a key before the first dot is its area. */
export const SETTINGS = defineSettings({
  ...TRACKING,
  ...DATABASE,
  ...HTTP,
  ...NET,
  ...ARTIFACTS,
  ...S3,
  ...AZURE,
  ...GCS,
  ...FTP,
  ...SFTP,
  ...HDFS,
  ...CLI,
  ...GC,
  ...AIRFLOW,
  ...SERVER,
});

export type Key = keyof typeof SETTINGS;

/** The type of a setting's value. */
export type ValueOf<K extends Key> = SettingValue<(typeof SETTINGS)[K]>;

/** Every key, in the order of the reference page. */
export const KEYS = Object.keys(SETTINGS) as readonly Key[];

export function isKey(text: string): text is Key {
  return Object.hasOwn(SETTINGS, text);
}

/** A setting's declaration, without its literal types. */
export function declarationOf(key: Key): SettingDeclaration {
  return SETTINGS[key];
}
