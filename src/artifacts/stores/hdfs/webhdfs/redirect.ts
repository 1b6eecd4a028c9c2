import { Failure } from '../../../../core/failure.ts';
import type { NetResponse } from '../../../../net/net.ts';
import { encodePlace } from './encode-place.ts';
import type { Call } from './call.ts';

const SERVICE = '/webhdfs/v1';

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Why an address is not one of a data node for this call. */
function trouble(to: URL, from: URL, call: Call): string | undefined {
  if (to.protocol !== 'http:' && to.protocol !== 'https:') return `which is no address of WebHDFS`;
  if (from.protocol === 'https:' && to.protocol !== 'https:') return 'where the bytes would not be encrypted';
  if (to.username !== '' || to.password !== '') return 'which holds a user name';
  if (to.origin === from.origin) return undefined;
  const place = decoded(to.pathname)?.normalize();
  if (place !== `${SERVICE}${call.path}`.normalize()) return 'which is another path than was asked for';
  return to.searchParams.get('op')?.toUpperCase() === call.op
    ? undefined
    : 'which is another operation than was asked for';
}

/**
 * Where a name node sends a call. It has to be the same operation on the same path, so that nobody can have requests made
 * elsewhere, and never leaves https. Only its host is shown: the query may hold a token.
 * @throws Failure misconfigured
 */
export function checkedLocation(answer: NetResponse, call: Call): URL {
  const { url: from, headers, status } = answer;
  const location = status === 307 ? headers['location'] : undefined;
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw new Failure({
      kind: 'misconfigured',
      message: `cannot ${call.doing} ${call.subject}: ${from.host} answered ${status} and names no data node`,
      subject: call.subject,
      hint: 'check MLSTOW_HDFS_WEBHDFS_URL',
      settings: ['hdfs.webhdfsUrl'],
    });
  }
  const to = new URL(location, from);
  const reason = trouble(to, from, call);
  if (reason === undefined) {
    // A name node composes what is written decomposed (java.net.URI.toASCIIString): that is another name.
    if (to.origin !== from.origin) to.pathname = SERVICE + encodePlace(call.path);
    return to;
  }
  throw new Failure({
    kind: 'misconfigured',
    message: `cannot ${call.doing} ${call.subject}: ${from.host} redirects to ${to.host}, ${reason}`,
    subject: call.subject,
    hint: 'check the name node, and what stands in front of it',
  });
}
