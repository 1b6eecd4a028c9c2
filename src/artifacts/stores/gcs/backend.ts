import { createBufferLender } from '../../../core/buffer-lender.ts';
import { Failure } from '../../../core/failure.ts';
import type { Location } from '../../../core/location.ts';
import type { Net } from '../../../net/net.ts';
import { MOST_LENT } from '../../hashed-body.ts';
import type { ArtifactStore } from '../../store.ts';
import { createBucketClient, type BucketClient } from './client.ts';
import { anonymous, googleTokens } from './credentials.ts';
import { prefixOf } from './root.ts';
import { createGcsStore } from './store.ts';

/** What a user can set about Google Cloud Storage; names as in the settings `gcs.*`. */
export interface GcsOptions {
  /** http(s) URL in place of https://storage.googleapis.com. */
  readonly apiEndpoint?: string;
  /** Send no credentials. Never assumed: absent ones are a failure. */
  readonly anonymous: boolean;
  readonly credentialsFile?: string;
  readonly project?: string;
  /** Bytes; a multiple of 256 KiB. */
  readonly uploadChunkSize: number;
  /** Bytes. */
  readonly downloadChunkSize: number;
  readonly maxSockets: number;
  readonly net: Net;
}

/** Connections and credentials of Google Cloud Storage, shared by all its stores. */
export interface GcsBackend {
  /** A store at a location; no request is made. @throws Failure misconfigured */
  at(location: Location): ArtifactStore;
  /** Closes the connections. */
  close(): Promise<void>;
}

const GOOGLE = 'https://storage.googleapis.com';
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

function badEndpoint(endpoint: string, reason: string, hint: string): Failure {
  const settings = ['gcs.apiEndpoint', 'gcs.anonymous'];
  const message = `the Google Cloud Storage endpoint ${endpoint} ${reason}`;
  return new Failure({ kind: 'misconfigured', message, subject: endpoint, hint, settings });
}

/** A token is a bearer secret: it never travels unprotected to another machine. */
function endpointOf({ apiEndpoint = GOOGLE, anonymous: bare }: GcsOptions): URL {
  const url = new URL(apiEndpoint);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    const shown = `${url.protocol}//${url.host}`;
    throw badEndpoint(shown, 'must not hold a name, password or query', 'set it to http(s)://host[:port]');
  }
  if (url.protocol === 'http:' && !bare && !LOOPBACK.test(url.hostname)) {
    throw badEndpoint(
      url.origin,
      'would get credentials over an unprotected connection',
      'use https:, or set MLSTOW_GCS_ANONYMOUS=true if it needs no credentials',
    );
  }
  return url;
}

/**
 * Opens Google Cloud Storage through its JSON API over `net`. Credentials come from the client of
 * `@google-cloud/storage`; requests do not, because that client gives no raw ranges that can be aborted, retries on its
 * own, and makes its own connections, past the proxies and the trust that were set.
 * Nothing is loaded or asked before the first operation of a store.
 * @throws Failure misconfigured: an endpoint that must not get credentials
 */
export async function connectGcs(options: GcsOptions): Promise<GcsBackend> {
  const { net, credentialsFile, project, maxSockets } = options;
  const url = endpointOf(options);
  const endpoint = url.href.replace(/\/+$/, '');
  const tokens = options.anonymous
    ? anonymous
    : googleTokens({
        apiEndpoint: url.origin,
        net,
        ...(credentialsFile === undefined ? {} : { credentialsFile }),
        ...(project === undefined ? {} : { project }),
      });
  const google = url.hostname.endsWith('.googleapis.com');
  const lender = createBufferLender(MOST_LENT);
  const clients = new Map<string, BucketClient>();
  const clientOf = (bucket: string): BucketClient => {
    const client = clients.get(bucket) ?? createBucketClient(bucket, { net, tokens, endpoint, google });
    clients.set(bucket, client);
    return client;
  };
  const identity = options.anonymous ? 'anonymous' : (credentialsFile ?? 'default');
  return {
    at: (location) => {
      const root = {
        client: clientOf(location.authority),
        lender,
        label: location.redacted,
        prefix: prefixOf(location),
        uploadChunkBytes: options.uploadChunkSize,
        downloadChunkBytes: options.downloadChunkSize,
      };
      const server = `gs ${endpoint}`;
      return createGcsStore(root, { backend: `${server} ${identity}`, server }, maxSockets);
    },
    close: async () => {
      net.close();
    },
  };
}
