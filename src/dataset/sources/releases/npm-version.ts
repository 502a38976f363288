/** @file Exact versions of npm packages and their order. */

/** An exact release: never a tag, a range, a file or an address that the client would go and fetch. */
export function isNpmVersion(version: string): boolean {
  return /^\d+\.\d+\.\d+(?:[-+][\w.+-]+)?$/.test(version);
}

/** Order of exact versions: negative when `a` is older. A pre-release is older than its release. */
export function compareNpmVersions(a: string, b: string): number {
  const [left, right] = [versionParts(a), versionParts(b)];
  for (const [i, number] of left.numbers.entries()) {
    if (number !== right.numbers[i]) return number - right.numbers[i]!;
  }
  if (left.preRelease === right.preRelease) return 0;
  if (left.preRelease === '' || right.preRelease === '') return left.preRelease === '' ? 1 : -1;
  return left.preRelease.localeCompare(right.preRelease, 'en', { numeric: true });
}

function versionParts(version: string): { readonly numbers: readonly number[]; readonly preRelease: string } {
  const [release = '', ...preRelease] = version.replace(/\+.*$/, '').split('-');
  return { numbers: release.split('.').map(Number), preRelease: preRelease.join('-') };
}
