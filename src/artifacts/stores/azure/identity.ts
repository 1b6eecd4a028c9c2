import type { TokenCredential, TokenCredentialOptions } from '@azure/identity';
import { asFailure, Failure } from '../../../core/failure.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Net } from '../../../net/net.ts';
import { loginClient } from './transport.ts';

/** What a user can set about the identity; names as in the settings `azure.*`. */
export interface IdentityOptions {
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly clientCertificatePath?: string;
  readonly federatedTokenFile?: string;
  readonly authorityHost?: string;
}

const SETTINGS = [
  'azure.connectionString',
  'azure.accessKey',
  'azure.tenantId',
  'azure.clientId',
  'azure.clientSecret',
];

/** Made by hand where the settings say which identity is meant, as EnvironmentCredential would from its variables. */
async function loadCredential(options: IdentityOptions, net: Net): Promise<TokenCredential> {
  const sdk = await import('@azure/identity');
  const { tenantId, clientId, clientSecret, clientCertificatePath, federatedTokenFile, authorityHost } =
    options;
  const client = {
    httpClient: loginClient(net) as unknown as NonNullable<TokenCredentialOptions['httpClient']>,
    ...(authorityHost === undefined ? {} : { authorityHost }),
  };
  if (tenantId !== undefined && clientId !== undefined) {
    if (clientSecret !== undefined) {
      return new sdk.ClientSecretCredential(tenantId, clientId, clientSecret, client);
    }
    if (clientCertificatePath !== undefined) {
      const certificate = { certificatePath: clientCertificatePath };
      return new sdk.ClientCertificateCredential(tenantId, clientId, certificate, client);
    }
    if (federatedTokenFile !== undefined) {
      const workload = { tenantId, clientId, tokenFilePath: federatedTokenFile };
      return new sdk.WorkloadIdentityCredential({ ...workload, ...client });
    }
  }
  return new sdk.DefaultAzureCredential({
    ...client,
    ...(tenantId === undefined ? {} : { tenantId }),
    ...(clientId === undefined ? {} : { managedIdentityClientId: clientId }),
  });
}

function noToken(thrown: unknown): Failure {
  const said = redactUri(thrown instanceof Error ? thrown.message : String(thrown)).split('\n');
  return new Failure(
    {
      kind: 'unauthenticated',
      message: `DefaultAzureCredential gave no token: ${said.map((line) => line.trim()).join(' ')}`,
      subject: 'Azure credentials',
      hint: 'set AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCESS_KEY, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run az login',
      settings: SETTINGS,
    },
    thrown,
  );
}

/**
 * Microsoft's DefaultAzureCredential, loaded when the first token is needed; its requests use Net's connections.
 * https://learn.microsoft.com/javascript/api/overview/azure/identity-readme#defaultazurecredential
 * @throws Failure unauthenticated, with what each source of identities said
 */
export function lazyIdentity(options: IdentityOptions, net: Net): TokenCredential {
  let loaded: Promise<TokenCredential> | undefined;
  return {
    getToken: async (scopes, asked) => {
      try {
        loaded ??= loadCredential(options, net);
        return await (await loaded).getToken(scopes, asked);
      } catch (thrown) {
        const stopped = thrown instanceof Error && thrown.name === 'AbortError';
        throw stopped || thrown instanceof Failure ? asFailure(thrown, 'Azure credentials') : noToken(thrown);
      }
    },
  };
}
