import {
  AnonymousCredential,
  newPipeline,
  StorageSharedKeyCredential,
  type Pipeline,
} from '@azure/storage-blob';
import { Failure } from '../../../core/failure.ts';
import type { Net } from '../../../net/net.ts';
import { parseConnectionString } from './connection-string.ts';
import { lazyIdentity, type IdentityOptions } from './identity.ts';
import type { Site } from './site.ts';
import { storagePipeline } from './transport.ts';

/** What a user can set about who asks; names as in the settings `azure.*`. */
export interface CredentialOptions extends IdentityOptions {
  readonly connectionString?: string;
  readonly accessKey?: string;
  readonly sasToken?: string;
  readonly net: Net;
  /** For Entra ID, which has nothing to do with how the storage account is reached. */
  readonly loginNet: () => Net;
}

/** Who asks, and where: the one of the ways in that answered. */
export interface Access {
  /** The variable or class that answered, for messages. */
  readonly source: string;
  readonly settings: readonly string[];
  readonly account: string;
  /** The account's Blob endpoint. */
  readonly endpoint: URL;
  /** Goes with every URL; without its `?`. */
  readonly sas?: string;
  pipeline(): Pipeline;
}

function keyed(site: Pick<Site, 'account' | 'endpoint'>, key: string, source: string, net: Net): Access {
  const settings = source.endsWith('STRING') ? ['azure.connectionString'] : ['azure.accessKey'];
  const { account, endpoint } = site;
  const credential = new StorageSharedKeyCredential(account, key);
  return {
    source,
    settings,
    account,
    endpoint,
    pipeline: () => newPipeline(credential, storagePipeline(net)),
  };
}

function signed(site: Pick<Site, 'account' | 'endpoint'>, sas: string, source: string, net: Net): Access {
  const settings = source.endsWith('STRING') ? ['azure.connectionString'] : ['azure.sasToken'];
  const { account, endpoint } = site;
  const pipeline = () => newPipeline(new AnonymousCredential(), storagePipeline(net));
  return { source, settings, account, endpoint, sas: sas.replace(/^\?/, ''), pipeline };
}

function byConnectionString(text: string, override: URL | undefined, net: Net): Access {
  const facts = parseConnectionString(text);
  const there = { account: facts.account, endpoint: override ?? facts.endpoint };
  const source = 'AZURE_STORAGE_CONNECTION_STRING';
  return facts.key === undefined
    ? signed(there, facts.sas ?? '', source, net)
    : keyed(there, facts.key, source, net);
}

/** A token is a password for whoever reads it. */
function needsTls(site: Site): Failure {
  return new Failure({
    kind: 'misconfigured',
    message: `DefaultAzureCredential sends tokens, and ${site.endpoint.origin} is not https`,
    subject: 'azure.blobEndpoint',
    hint: 'use an https endpoint, or set AZURE_STORAGE_ACCESS_KEY or AZURE_STORAGE_CONNECTION_STRING',
    settings: ['azure.blobEndpoint'],
  });
}

/**
 * Who asks at a site. `wasbs`: connection string, then access key, then DefaultAzureCredential, as MLflow. `abfss`: SAS
 * token, then DefaultAzureCredential, as MLflow; the access key, which MLflow does not know there, comes between them.
 * @throws Failure misconfigured
 */
export function accessTo(site: Site, options: CredentialOptions, override: URL | undefined): Access {
  const { connectionString, accessKey, sasToken, net } = options;
  if (site.scheme === 'wasbs' && connectionString !== undefined) {
    return byConnectionString(connectionString, override, net);
  }
  if (site.scheme === 'abfss' && sasToken !== undefined) {
    return signed(site, sasToken, 'AZURE_STORAGE_SAS_TOKEN', net);
  }
  if (accessKey !== undefined) return keyed(site, accessKey, 'AZURE_STORAGE_ACCESS_KEY', net);
  if (site.endpoint.protocol !== 'https:') throw needsTls(site);
  const credential = lazyIdentity(options, options.loginNet());
  return {
    source: 'DefaultAzureCredential',
    settings: ['azure.tenantId', 'azure.clientId', 'azure.clientSecret'],
    account: site.account,
    endpoint: site.endpoint,
    pipeline: () => newPipeline(credential, storagePipeline(net)),
  };
}
