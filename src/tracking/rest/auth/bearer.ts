/** `Authorization` for a token (RFC 6750). */
export function bearer(token: string): string {
  return `Bearer ${token}`;
}
