import { Failure } from '../../core/failure.ts';

/** A tracking URI taken apart. */
export interface TrackingAddress {
  /** Origin and path without userinfo, query or trailing slash. */
  readonly base: string;
  readonly origin: string;
  readonly host: string;
  readonly userinfo?: { readonly username: string; readonly password: string };
  /** Without password. */
  readonly label: string;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Parses an http(s) tracking URI. Userinfo becomes Basic credentials, as Python's requests does.
 * @throws Failure misconfigured
 */
export function parseTrackingAddress(uri: string): TrackingAddress {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Failure({
      kind: 'misconfigured',
      message: 'the tracking URI is not an http or https URL',
      subject: 'MLFLOW_TRACKING_URI',
      hint: 'set MLFLOW_TRACKING_URI to http://HOST:PORT',
    });
  }
  const path = url.pathname.replace(/\/+$/, '');
  const { username, password } = url;
  const shown = username === '' ? '' : `${username}${password === '' ? '' : ':***'}@`;
  return {
    base: `${url.origin}${path}`,
    origin: url.origin,
    host: url.host,
    ...(username === '' && password === ''
      ? {}
      : { userinfo: { username: decoded(username), password: decoded(password) } }),
    label: `${url.protocol}//${shown}${url.host}${path}`,
  };
}
