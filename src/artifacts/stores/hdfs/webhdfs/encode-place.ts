/** An absolute path for a URL: each name percent-encoded once. */
export function encodePlace(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
