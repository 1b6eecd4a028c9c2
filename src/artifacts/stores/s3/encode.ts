const UNESCAPED = /[!'()*]/g;

/** Percent-encodes all but RFC 3986's unreserved characters, as SigV4 demands. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(UNESCAPED, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** What most keys are made of, and what travels as it is. */
const PLAIN = /^[\w.~/-]*$/;

/** An object key for the path of a URL: slashes kept. */
export function encodeKey(key: string): string {
  if (PLAIN.test(key)) return key;
  return key.split('/').map(encodeStrictly).join('/');
}

/** A query string (without `?`), encoded and in SigV4's order. */
export function encodeQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => [encodeStrictly(name), encodeStrictly(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}
