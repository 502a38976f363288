/**
 * @file What an archive that nobody vouches for may unpack to, one table for all readers: gzip, tar, zip, wheel, jar.
 * Deflate makes a thousand bytes of one; what people pack comes nowhere near it.
 */

export interface ArchiveLimits {
  /** One file; a larger one is passed over. */
  readonly fileBytes: number;
  /** All together, whatever the archive's own size. */
  readonly totalBytes: number;
  /** All together, as a multiple of the archive's own size ... */
  readonly ratio: number;
  /** ... from here on: small archives may be of repeated text. */
  readonly freeBytes: number;
  /** Files and folders named in it. */
  readonly entries: number;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;

export const ARCHIVE_LIMITS = {
  /** Source code compresses five to ten times. */
  source: { fileBytes: 5 * MIB, totalBytes: GIB, ratio: 100, freeBytes: 64 * MIB, entries: 200_000 },
  /** Rows may be near copies of one another, and are read as they come by. */
  dataset: {
    fileBytes: Number.POSITIVE_INFINITY,
    totalBytes: 256 * GIB,
    ratio: 200,
    freeBytes: 256 * MIB,
    entries: 1_000_000,
  },
  /** Weights hardly compress at all. */
  model: { fileBytes: 512 * GIB, totalBytes: 512 * GIB, ratio: 20, freeBytes: 256 * MIB, entries: 100_000 },
} as const satisfies Readonly<Record<string, ArchiveLimits>>;

/** The most bytes that an archive of `packedBytes` may unpack to. */
export function mostUnpackedBytes(
  packedBytes: number,
  { totalBytes, ratio, freeBytes }: Pick<ArchiveLimits, 'totalBytes' | 'ratio' | 'freeBytes'>,
): number {
  return Math.min(totalBytes, Math.max(freeBytes, packedBytes * ratio));
}

/** With `/` and without `./`; undefined for a path that is absolute, leaves the archive or holds what no name should. */
export function pathInArchive(path: string): string | undefined {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  const leaves = path.startsWith('/') || segments.includes('..') || /[\\\0]/.test(path);
  return leaves || /^[a-zA-Z]:/.test(path) ? undefined : segments.join('/');
}
