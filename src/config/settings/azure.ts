import { defineSettings } from '../setting.ts';

/**
 * Azure Blob Storage and Data Lake Storage. Order of credentials: for `wasbs:` connection string, access key, identity; for
 * `abfss:` SAS token, access key, identity.
 */
export const AZURE = defineSettings({
  'azure.connectionString': {
    type: 'string',
    variables: ['AZURE_STORAGE_CONNECTION_STRING'],
    secret: true,
    projectFile: 'refused',
    help: 'Connection string; the account in the URI is then ignored.',
    note: 'For wasbs: only, as in MLflow.',
  },
  'azure.accessKey': {
    type: 'string',
    variables: ['AZURE_STORAGE_ACCESS_KEY'],
    secret: true,
    projectFile: 'refused',
    help: 'Key of the storage account.',
    note: 'MLflow reads it for wasbs: only, mlstow for abfss: as well.',
  },
  'azure.sasToken': {
    type: 'string',
    variables: ['AZURE_STORAGE_SAS_TOKEN'],
    secret: true,
    projectFile: 'refused',
    help: 'Shared access signature.',
    note: 'For abfss: only, as in MLflow.',
  },
  'azure.tenantId': {
    type: 'string',
    variables: ['AZURE_TENANT_ID'],
    projectFile: 'refused',
    help: 'Entra ID tenant of the identity.',
  },
  'azure.clientId': {
    type: 'string',
    variables: ['AZURE_CLIENT_ID'],
    projectFile: 'refused',
    help: 'Application or managed identity.',
  },
  'azure.clientSecret': {
    type: 'string',
    variables: ['AZURE_CLIENT_SECRET'],
    secret: true,
    projectFile: 'refused',
    help: 'Secret of the application.',
  },
  'azure.clientCertificatePath': {
    type: 'path',
    variables: ['AZURE_CLIENT_CERTIFICATE_PATH'],
    projectFile: 'refused',
    help: 'PEM file with the certificate of the application.',
  },
  'azure.federatedTokenFile': {
    type: 'path',
    variables: ['AZURE_FEDERATED_TOKEN_FILE'],
    projectFile: 'refused',
    help: 'File with the token of a workload identity.',
  },
  'azure.authorityHost': {
    type: 'url',
    variables: ['AZURE_AUTHORITY_HOST'],
    projectFile: 'refused',
    help: 'Entra ID endpoint of a sovereign cloud.',
  },
  'azure.blobEndpoint': {
    type: 'url',
    variables: ['MLSTOW_AZURE_BLOB_ENDPOINT'],
    projectFile: 'refused',
    help: 'Blob endpoint of whatever account a URI names: an emulator, a private link. http(s)://host[:port][/account].',
    note: 'Unset: as the connection string or the URI says.',
  },
  'azure.timeout': {
    type: 'duration',
    unit: 's',
    minusOne: 'no-limit',
    default: 600_000,
    projectFile: 'allowed',
    help: 'What artifacts.timeout is for Azure when it is unset.',
  },
});
