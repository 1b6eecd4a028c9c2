import type { Clock } from '../../../core/clock.ts';
import { asFailure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { unlessAborted } from '../../../core/unless-aborted.ts';
import { fetchChainKeys, type ChainOptions, type FetchedKeys } from './aws-chain.ts';
import type { AwsKeys } from './sign.ts';

/** Where keys come from; a `credentials` event tells who gave them, whenever they are new. */
export interface KeySource {
  /** The keys to sign with; undefined for anonymous requests. */
  get(io: Io): Promise<AwsKeys | undefined>;
  /** Tells that these keys were refused; true when `get` may give others now. */
  reject(keys: AwsKeys | undefined): boolean;
}

function fixed(keys: AwsKeys | undefined, source: string): KeySource {
  let told = false;
  return {
    get: async (io) => {
      if (!told) io.trace?.('credentials', { source });
      told = true;
      return keys;
    },
    reject: () => false,
  };
}

/** Anonymous requests. */
export const anonymous = (): KeySource => fixed(undefined, 'none, requests are not signed');

/** Keys that were given. */
export function givenKeys(keys: AwsKeys): KeySource {
  return fixed(keys, `AWS_ACCESS_KEY_ID${keys.sessionToken ? ' with AWS_SESSION_TOKEN' : ''}`);
}

/** Keys are renewed this long before they expire, in ms. */
const MARGIN_MS = 5 * 60_000;

function tell(io: Io, { source, expires }: FetchedKeys): void {
  const until = Number.isFinite(expires) ? { expires: new Date(expires).toISOString() } : {};
  io.trace?.('credentials', { source, ...until });
}

function keep(usable: FetchedKeys, thrown: unknown, io: Io): FetchedKeys {
  const reason = asFailure(thrown, 'AWS credentials').message;
  io.trace?.('credentials-kept', { source: usable.source, reason });
  return usable;
}

/**
 * Keys of the AWS SDK's default chain, loaded at the first use and kept until shortly before they expire; many callers
 * wait for one answer. Keys that cannot be renewed are used until they expire.
 * @throws Failure as `fetchChainKeys`
 */
export function chainKeys(options: ChainOptions & { readonly clock: Clock }): KeySource {
  let held: FetchedKeys | undefined;
  let pending: Promise<FetchedKeys> | undefined;
  const renew = async (io: Io): Promise<FetchedKeys> => {
    pending ??= fetchChainKeys(options)
      .then((fetched) => {
        tell(io, fetched);
        return fetched;
      })
      .finally(() => (pending = undefined));
    held = await pending;
    return held;
  };
  return {
    get: async (io) => {
      io.signal.throwIfAborted();
      const now = options.clock.now();
      if (held !== undefined && now < held.expires - MARGIN_MS) return held.keys;
      const usable = held !== undefined && now < held.expires ? held : undefined;
      const renewed = unlessAborted(renew(io), io.signal, 'AWS credentials');
      if (usable === undefined) return (await renewed).keys;
      return (await renewed.catch((thrown: unknown) => keep(usable, thrown, io))).keys;
    },
    reject: (keys) => {
      if (held?.keys === keys) held = undefined;
      return true;
    },
  };
}
