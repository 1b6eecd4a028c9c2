import { defineSettings } from '../setting.ts';

/** Azure Blob Storage and Data Lake Storage. Order of credentials: connection string, access key, SAS token, identity. */
export const AZURE = defineSettings({
  'azure.connectionString': {
    type: 'string',
    variables: ['AZURE_STORAGE_CONNECTION_STRING'],
    secret: true,
    projectFile: 'refused',
    help: 'Connection string; the account in the URI is then ignored.',
  },
  'azure.accessKey': {
    type: 'string',
    variables: ['AZURE_STORAGE_ACCESS_KEY'],
    secret: true,
    projectFile: 'refused',
    help: 'Key of the storage account.',
  },
  'azure.sasToken': {
    type: 'string',
    variables: ['AZURE_STORAGE_SAS_TOKEN'],
    secret: true,
    projectFile: 'refused',
    help: 'Shared access signature.',
    note: 'MLflow reads it for abfss: only.',
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
  'azure.timeout': {
    type: 'duration',
    unit: 's',
    minusOne: 'no-limit',
    default: 600_000,
    projectFile: 'allowed',
    help: 'What artifacts.timeout is for Azure when it is unset.',
  },
});
