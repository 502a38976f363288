/**
 * @file The source files of one release of an npm package: fetched by npm's client or taken from its cache, integrity
 * checked, read out of the archive into memory. None of its code is run.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pacote, { type Options } from 'pacote';
import type { Tally } from '../../../base/tally.ts';
import { decodeText } from '../../../source/decode-text.ts';
import { untilAborted } from '../../progress.ts';
import type { ReleaseFiles } from './release-pair.ts';
import { readSourceArchive } from './source-archive.ts';

/**
 * Undefined, and counted, when the archive cannot be read whole.
 * @throws what npm's client throws (E404, ENOTFOUND, EINTEGRITY ...); the signal's reason
 */
export async function fetchNpmRelease(
  name: string,
  version: string,
  npmOptions: Options,
  { tally, signal }: { readonly tally: Tally; readonly signal: AbortSignal },
): Promise<ReleaseFiles | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'vultune-npm-'));
  try {
    const archive = join(folder, 'release.tgz');
    const options = { ...npmOptions, signal };
    await untilAborted(pacote.tarball.file(`${name}@${version}`, archive, options), signal);
    return await readSourceArchive(archive, { stripped: true, tally, signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The files that are text. */
export function textsOf(files: ReleaseFiles): ReadonlyMap<string, string> {
  const tally = { add: () => {} };
  const texts = [...files].map(([path, content]) => [path, decodeText(content, tally)] as const);
  return new Map(texts.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}
