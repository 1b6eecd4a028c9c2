import type { Storage } from '@google-cloud/storage';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { unlessAborted } from '../../../core/unless-aborted.ts';
import type { Net } from '../../../net/net.ts';

/** Where the headers that say who asks come from. */
export interface TokenSource {
  readonly anonymous: boolean;
  /** @throws Failure unauthenticated, misconfigured, unavailable, cancelled */
  headers(io: Io): Promise<Readonly<Record<string, string>>>;
  /** Tells that these headers were refused; true when `headers` may give others now. */
  reject(headers: Readonly<Record<string, string>>): boolean;
}

/** Requests without credentials. */
export const anonymous: TokenSource = { anonymous: true, headers: async () => ({}), reject: () => false };

export interface GoogleOptions {
  /** Unset: Google's application-default credentials. */
  readonly credentialsFile?: string;
  readonly project?: string;
  /** Origin of the JSON API. */
  readonly apiEndpoint: string;
  readonly net: Net;
}

/** How long the token service may take, in ms. */
const TOKEN_MS = 30_000;

async function createClient({ credentialsFile, project, apiEndpoint, net }: GoogleOptions): Promise<Storage> {
  const { Storage: Client } = await import('@google-cloud/storage');
  const agent = (to: URL) => (to.protocol === 'https:' ? net.agents.https : net.agents.http);
  return new Client({
    apiEndpoint,
    ...(project === undefined ? {} : { projectId: project }),
    ...(credentialsFile === undefined ? {} : { keyFilename: credentialsFile }),
    retryOptions: { autoRetry: false, maxRetries: 0 },
    clientOptions: { transporterOptions: { agent, timeout: TOKEN_MS } },
  });
}

/** What the token client's errors carry, by https://github.com/googleapis/gaxios. */
interface TokenError {
  readonly code?: unknown;
  readonly response?: { readonly status?: number };
  readonly config?: unknown;
}

const NO_CREDENTIALS =
  'run gcloud auth application-default login, set GOOGLE_APPLICATION_CREDENTIALS to a key file, or, for a public bucket, set MLSTOW_GCS_ANONYMOUS=true';

function unreadable(file: string, thrown: unknown, why: string): Failure {
  return new Failure(
    {
      kind: 'misconfigured',
      message: `the Google credentials in ${file} cannot be used: ${why}`,
      subject: file,
      hint: 'set GOOGLE_APPLICATION_CREDENTIALS to a JSON key file that this user may read',
      settings: ['gcs.credentialsFile'],
    },
    thrown,
  );
}

function tokenFailure(thrown: unknown, file: string | undefined): Failure {
  const { code, response, config } = (thrown instanceof Error ? thrown : {}) as TokenError;
  const subject = file ?? 'application-default credentials';
  const status = response?.status;
  if (status !== undefined && status < 500 && status !== 429) {
    const message = `Google's token service refused the credentials (${status})`;
    const settings = ['gcs.credentialsFile'];
    const facts = { kind: 'unauthenticated', message, subject, hint: NO_CREDENTIALS, settings } as const;
    return new Failure({ ...facts, vendor: { status } }, thrown);
  }
  if (status !== undefined || config !== undefined) {
    const said = status ?? (typeof code === 'string' ? code : 'no answer');
    const message = `Google's token service cannot be reached (${said})`;
    return new Failure({ kind: 'unavailable', message, subject, retry: 'later' }, thrown);
  }
  if (file !== undefined) {
    return unreadable(file, thrown, typeof code === 'string' ? code : 'it is no key file of Google');
  }
  return new Failure(
    {
      kind: 'unauthenticated',
      message: 'no Google credentials were found',
      subject,
      hint: NO_CREDENTIALS,
      settings: ['gcs.credentialsFile', 'gcs.anonymous'],
    },
    thrown,
  );
}

/**
 * Tokens as `@google-cloud/storage` finds and renews them: a key file (service account, user, workload identity), gcloud's
 * application-default login, or the machine's metadata service
 * (https://cloud.google.com/docs/authentication/application-default-credentials). It is loaded when the first is asked for.
 */
export function googleTokens(options: GoogleOptions): TokenSource {
  let client: Promise<Storage> | undefined;
  return {
    anonymous: false,
    headers: async (io) => {
      const loaded = await (client ??= createClient(options));
      try {
        // The token client cannot be aborted; whoever waits for it can.
        const headers = loaded.authClient.getRequestHeaders(options.apiEndpoint);
        return await unlessAborted(headers, io.signal, 'Google credentials');
      } catch (thrown) {
        throw thrown instanceof Failure ? thrown : tokenFailure(thrown, options.credentialsFile);
      }
    },
    reject: () => {
      client = undefined;
      return true;
    },
  };
}
