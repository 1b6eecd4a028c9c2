import { ContainerClient, type Pipeline } from '@azure/storage-blob';
import { createBufferLender } from '../../../core/buffer-lender.ts';
import type { Location } from '../../../core/location.ts';
import type { Net } from '../../../net/net.ts';
import type { ArtifactStore } from '../../store.ts';
import { accessTo, type Access, type CredentialOptions } from './credentials.ts';
import type { Root } from './root.ts';
import { MOST_LENT } from '../../hashed-body.ts';
import { siteOf, type Site } from './site.ts';
import { createAzureStore } from './store.ts';

/** What a user can set about Azure; names as in the settings `azure.*`. */
export interface AzureOptions extends CredentialOptions {
  /** The Blob endpoint of whatever account a URI names: an emulator, a private link. */
  readonly blobEndpoint?: string;
  readonly maxSockets: number;
  /** Tells what a person should know and that stops nothing. */
  readonly warn: (message: string) => void;
}

/** Connections and credentials of Azure, shared by all its stores. */
export interface AzureBackend {
  /**
   * A store at a location; no request is made.
   * @throws Failure misconfigured
   */
  at(location: Location): ArtifactStore;
  /** Closes the connections. */
  close(): Promise<void>;
}

function otherAccount(site: Site, access: Access): string {
  return (
    `AZURE_STORAGE_CONNECTION_STRING is for account ${access.account}, which is used; ` +
    `account ${site.account} in the URI is ignored, as MLflow does`
  );
}

function containerUrl({ endpoint, sas }: Access, container: string): string {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${encodeURIComponent(container)}`;
  url.search = sas ?? '';
  return url.href;
}

/**
 * Opens Azure Blob Storage, and Data Lake Storage through its Blob endpoint. Nothing is asked before the first operation
 * of a store, and no identity is looked for before the first token is needed.
 */
export async function connectAzure(options: AzureOptions): Promise<AzureBackend> {
  const override = options.blobEndpoint === undefined ? undefined : new URL(options.blobEndpoint);
  const pipelines = new Map<string, Pipeline>();
  const known = new Map<string, Root['known']>();
  const lender = createBufferLender(MOST_LENT);
  let login: Net | undefined;
  const loginNet = (): Net => (login ??= options.loginNet());
  return {
    at: (location) => {
      const site = siteOf(location, override);
      const access = accessTo(site, { ...options, loginNet }, override);
      if (access.account !== site.account) options.warn(otherAccount(site, access));
      const { account, endpoint, source } = access;
      const server = `azure ${endpoint.origin}${endpoint.pathname} ${account}`;
      const backend = `${server} ${source}`;
      const pipeline = pipelines.get(backend) ?? access.pipeline();
      pipelines.set(backend, pipeline);
      const url = containerUrl(access, site.container);
      const learned = known.get(url) ?? { answered: false };
      known.set(url, learned);
      const root: Root = {
        container: new ContainerClient(url, pipeline),
        source: access.source,
        settings: access.settings,
        label: location.redacted,
        prefix: site.prefix,
        known: learned,
        lender,
      };
      return createAzureStore(root, { backend, server }, options.maxSockets);
    },
    close: async () => {
      options.net.close();
      login?.close();
    },
  };
}
