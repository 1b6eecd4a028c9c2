import type { Check } from '../../check.ts';
import { airflowArtifacts } from './airflow-artifacts.ts';
import { airflowTracking } from './airflow-tracking.ts';
import { artifactUri } from './artifact-uri.ts';
import { awsCredentials } from './aws-credentials.ts';
import { azureCredentials } from './azure-credentials.ts';
import { certificateFiles } from './certificate-files.ts';
import { defaultArtifactRoot } from './default-artifact-root.ts';
import { deprecatedSettings } from './deprecated-settings.ts';
import { fileStore } from './file-store.ts';
import { gcsChunkSize } from './gcs-chunk-size.ts';
import { gcsCredentialsFile } from './gcs-credentials-file.ts';
import { hadoopConfiguration } from './hadoop-configuration.ts';
import { hdfsLocations } from './hdfs-locations.ts';
import { ignoredSettings } from './ignored-settings.ts';
import { kerberosTicket } from './kerberos-ticket.ts';
import { malformedSettings } from './malformed-settings.ts';
import { misspeltVariables } from './misspelt-variables.ts';
import { multipartSizes } from './multipart-sizes.ts';
import { passwordsInRecords } from './passwords-in-records.ts';
import { passwordsInSettings } from './passwords-in-settings.ts';
import { proxies } from './proxies.ts';
import { s3EndpointInRoot } from './s3-endpoint-in-root.ts';
import { s3Endpoint } from './s3-endpoint.ts';
import { s3Region } from './s3-region.ts';
import { s3UploadExtraArgs } from './s3-upload-extra-args.ts';
import { serverVariables } from './server-variables.ts';
import { sftpFiles } from './sftp-files.ts';
import { shadowedFiles } from './shadowed-files.ts';
import { sharedPaths } from './shared-paths.ts';
import { target } from './target.ts';
import { tlsContradiction } from './tls-contradiction.ts';
import { tlsVerification } from './tls-verification.ts';
import { trackingCredentials } from './tracking-credentials.ts';

/** What settings and files of this machine tell, and what the records say of them. */
export const configurationChecks: readonly Check[] = [
  s3Endpoint,
  airflowTracking,
  fileStore,
  passwordsInRecords,
  defaultArtifactRoot,
  s3EndpointInRoot,
  serverVariables,
  tlsContradiction,
  s3UploadExtraArgs,
  artifactUri,
  deprecatedSettings,
  gcsChunkSize,
  azureCredentials,
  hadoopConfiguration,
  kerberosTicket,
  misspeltVariables,
  proxies,
  shadowedFiles,
  passwordsInSettings,
  hdfsLocations,
  multipartSizes,
  sftpFiles,
  awsCredentials,
  malformedSettings,
  ignoredSettings,
  tlsVerification,
  certificateFiles,
  target,
  trackingCredentials,
  gcsCredentialsFile,
  sharedPaths,
  s3Region,
  airflowArtifacts,
];
