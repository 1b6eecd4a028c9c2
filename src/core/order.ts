/** Surrogates stand for code points above U+FFFF, so they sort above U+E000 to U+FFFF. */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

function compareUtf8(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/**
 * Order of listings: by UTF-8 bytes, a directory as `name/` (so `a.b` comes before what is in `a`). JavaScript's `<`
 * compares UTF-16 units and differs above U+FFFF. Negative, zero or positive, for `sort`.
 */
export function comparePaths(a: string, b: string, aIsDirectory = false, bIsDirectory = false): number {
  return compareUtf8(aIsDirectory ? `${a}/` : a, bIsDirectory ? `${b}/` : b);
}
