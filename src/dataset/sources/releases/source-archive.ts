/** @file The source files of a release's archive, by path. Which archive format it is, its name says. */

import type { Tally } from '../../../base/tally.ts';
import { languageOfPath } from '../../../source/languages.ts';
import { readTarGz, type TarVisitor } from '../../archives/tar-archive.ts';
import { readZip } from '../../archives/zip-archive.ts';
import type { ReleaseFiles } from './release-pair.ts';

/** Limits for the source files of one release; anything larger is data, or an attack. */
const LIMITS = { fileBytes: 2 * 2 ** 20 };
const MAX_SOURCE_BYTES = 128 * 2 ** 20;

/**
 * Undefined, and counted, when the archive cannot be read whole: half a release would look like deleted files.
 * @param stripped whether everything is in one folder NAME-VERSION, as in a source distribution
 */
export async function readSourceArchive(
  path: string,
  {
    stripped,
    tally,
    signal,
  }: { readonly stripped: boolean; readonly tally: Tally; readonly signal: AbortSignal },
): Promise<ReleaseFiles | undefined> {
  const read = /\.(?:zip|whl|jar)$/i.test(path)
    ? readZip
    : /\.(?:tar\.gz|tgz)$/i.test(path)
      ? readTarGz
      : undefined;
  if (read === undefined) {
    tally.add('release in an archive of another format');
    return undefined;
  }
  const files = new Map<string, Uint8Array>();
  let sourceBytes = 0;
  let broken = false;
  const pathOf = (name: string) => (stripped ? name.slice(name.indexOf('/') + 1) : name);
  const visitor: TarVisitor = {
    wants: (name) => languageOfPath(pathOf(name)) !== undefined,
    onFile: (name, bytes) => {
      sourceBytes += bytes.length;
      if (sourceBytes <= MAX_SOURCE_BYTES) files.set(pathOf(name), bytes);
    },
    onProblem: (problem, name) => {
      tally.add(problem);
      broken ||= name === undefined && problem !== 'archive entry with a path out of the archive';
    },
  };
  await read(path, visitor, { signal, limits: LIMITS });
  if (sourceBytes > MAX_SOURCE_BYTES) tally.add('archive that unpacks to too much');
  return broken || sourceBytes > MAX_SOURCE_BYTES ? undefined : files;
}
