/** What stands for a secret in everything that people or logs see. */
export const HIDDEN = '***';

const URI = /([a-z][a-z0-9+.-]*:\/\/)([^\s"<>]*)/gi;
/** `user:password@host` without a scheme, as proxies are often written. */
const BARE_USERINFO = /(^|[\s"'=])([\w.~%+-]+):([^\s"'/@]+)@(?=[\w[])/g;
/** Whole text up to the end of a connection string's field: the token itself holds `&` and `=`. */
const SHARED_ACCESS_SIGNATURE = /(SharedAccessSignature=)[^;\s"']*/gi;
const SECRET_PARAMETER = new RegExp(
  `(?<![\\w-])(${[
    'sig',
    'signature',
    'x-amz-signature',
    'x-amz-security-token',
    'x-goog-signature',
    'accountkey',
    'sharedaccesskey',
    'password',
    'passwd',
    'pwd',
    'sslpassword',
    'secret',
    'client_secret',
    'token',
    'access_token',
    'delegation',
    // A whole connection string, percent-encoded: its password has no shape of its own.
    'odbc_connect',
  ].join('|')})=[^&;\\s"'<>\`]*`,
  'gi',
);
/** Without one of these nothing above is a secret: every shape of one has a host behind `@`, a value or a blank. */
const TRACE = /[@=\s]/;
const AUTHORIZATION = /\b(Bearer|Basic|Negotiate)(\s+)[\w+/=.~-]{6,}/g;

function hideFrom(rest: string, colon: number, at: number): string {
  return `${rest.slice(0, colon)}:${HIDDEN}${rest.slice(at)}`;
}

/** Hides the password of what follows `scheme://`. A password may hold `/`, as SQLAlchemy's URLs allow, or a stray `#`. */
function redactAfterScheme(rest: string): string {
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const colon = authority.indexOf(':');
  if (colon < 0) return rest;
  const at = authority.lastIndexOf('@');
  if (at >= 0) return colon < at ? hideFrom(rest, colon, at) : rest;
  const isPort = authority.startsWith('[') || /^\d*$/.test(authority.slice(colon + 1));
  const later = rest.lastIndexOf('@');
  return isPort || later < 0 ? rest : hideFrom(rest, colon, later);
}

/**
 * Text with every secret that has a known shape replaced by `***`: the password in any `scheme://user:password@host`
 * (and `user:password@host`), signatures and tokens in query strings (Azure SAS, S3 and GCS presigned URLs, WebHDFS
 * delegation), keys in Azure connection strings, and Authorization values. All else stays as it is; doing it twice
 * changes nothing.
 */
export function redactUri(text: string): string {
  if (!TRACE.test(text)) return text;
  return text
    .replace(URI, (_whole, scheme: string, rest: string) => scheme + redactAfterScheme(rest))
    .replace(BARE_USERINFO, `$1$2:${HIDDEN}@`)
    .replace(SHARED_ACCESS_SIGNATURE, `$1${HIDDEN}`)
    .replace(SECRET_PARAMETER, `$1=${HIDDEN}`)
    .replace(AUTHORIZATION, `$1$2${HIDDEN}`);
}
