/**
 * @file From the URI of a finding to a file below the root: file: URLs, relative references with or without a base, percent-encoding,
 * Windows paths, folders of the machine that the scanner ran on. Nothing outside the root is reached, whatever the log says.
 */
import { isAbsolute, relative, sep } from 'node:path';
import { isInside, placeInFolder } from '../base/inside-folder.ts';
import type { SarifRun } from './read-sarif.ts';
import type { ArtifactReference } from './triaged.ts';

export type ArtifactPlace =
  /** Real and absolute. */
  | { readonly path: string }
  /** `shown`: how the log calls the file. */
  | { readonly refused: 'no location' | 'outside the folder' | 'file missing'; readonly shown?: string };

type UriBases = Pick<SarifRun, 'artifacts' | 'originalUriBaseIds'>;

/** A chain of bases that is longer goes in a circle. */
const MOST_BASES = 10;

export function artifactPlace(
  reference: ArtifactReference | undefined,
  run: UriBases,
  realRoot: string,
): ArtifactPlace {
  const { uri, uriBaseId } = withArtifact(reference, run);
  if (uri == null || uri === '') return { refused: 'no location' };
  const ways = waysTo(uri, uriBaseId ?? undefined, run, realRoot);
  const places = ways.map((way) => placeInFolder(realRoot, way));
  for (const place of places) if ('inside' in place) return { path: place.inside };
  // What the likeliest way says.
  const first = places[0];
  const isMissing = first !== undefined && 'refused' in first && first.refused === 'missing';
  return { refused: isMissing ? 'file missing' : 'outside the folder', shown: uri };
}

/** As reports name a file. */
export const pathFromRoot = (realRoot: string, path: string): string =>
  relative(realRoot, path).split(sep).join('/');

/** A reference may name an entry of the run's table of files instead of a URI. */
function withArtifact(reference: ArtifactReference | undefined, { artifacts }: UriBases) {
  if (reference?.uri !== undefined || reference?.index === undefined) return reference ?? {};
  return artifacts?.[reference.index]?.location ?? reference;
}

/** Paths that the URI may stand for, the likeliest first: absolute ones, and some relative to the root. */
function waysTo(uri: string, baseId: string | undefined, run: UriBases, realRoot: string): string[] {
  const bases = Object.keys(run.originalUriBaseIds ?? {}).map((id) => baseFolder(id, run));
  const absolute = absolutePath(uri);
  if (absolute !== undefined) {
    // The scanner's machine may have had the tree elsewhere: what lies below its own folders lies below the root here.
    const moved = bases.flatMap(({ folder, below }) =>
      folder !== undefined && isInside(folder, absolute) ? [`${below}${relative(folder, absolute)}`] : [],
    );
    // A drive of Windows is none of this machine's, where that is another system.
    return [...moved, ...(isAbsolute(absolute) ? [absolute] : [])];
  }
  const { folder, below } = baseId === undefined ? { folder: undefined, below: '' } : baseFolder(baseId, run);
  const names = spellings(uri).filter((name) => absolutePath(name) === undefined);
  return names.flatMap((name) => {
    const here = folder !== undefined && isInside(realRoot, folder) ? [`${folder}/${below}${name}`] : [];
    const moved = folder === undefined ? [] : tails(folder).map((tail) => `${tail}/${below}${name}`);
    return [...here, `${below}${name}`, ...moved];
  });
}

/**
 * The ends of a folder's path, the longest first: where the scanner's base is a folder of sources on another machine, the same
 * folder lies somewhere below the root here. Only a base is looked for so: its end and the whole reference have to fit.
 */
function tails(folder: string): string[] {
  const parts = folder
    .split('/')
    .filter((part) => part !== '')
    .slice(-MOST_BASES);
  return parts.map((_, i) => parts.slice(i).join('/'));
}

/** `folder`: absolute, of the outermost base; `below`: the way from there, relative to the root where there is no folder. */
function baseFolder(id: string, { originalUriBaseIds }: UriBases) {
  let below = '';
  let next: string | null | undefined = id;
  for (let links = 0; next != null && links < MOST_BASES; links++) {
    const base: ArtifactReference | undefined = ownEntry(originalUriBaseIds, next);
    const uri = base?.uri ?? '';
    const folder = absolutePath(uri);
    if (folder !== undefined) return { folder, below };
    below = `${withSlash(decoded(uri))}${below}`;
    next = base?.uriBaseId;
  }
  return { folder: undefined, below };
}

function ownEntry(bases: UriBases['originalUriBaseIds'], id: string): ArtifactReference | undefined {
  const found = bases != null && Object.hasOwn(bases, id) ? bases[id] : undefined;
  return found === undefined
    ? undefined
    : { uri: found.uri ?? undefined, uriBaseId: found.uriBaseId ?? undefined };
}

const withSlash = (folder: string) => (folder === '' || folder.endsWith('/') ? folder : `${folder}/`);

/** The path of a file: URL, a path from the root of a file system or a drive; undefined for everything else. */
function absolutePath(uri: string): string | undefined {
  if (/^[A-Za-z]:[\\/]/.test(uri)) return uri.replaceAll('\\', '/');
  if (uri.startsWith('/') && !uri.startsWith('//')) return decoded(uri);
  const [, host, path] = /^file:(?:\/\/([^/]*))?(\/.*)$/is.exec(uri) ?? [];
  // Another host's files are not here.
  if (path === undefined || (host !== undefined && host !== '' && host.toLowerCase() !== 'localhost')) {
    return undefined;
  }
  return decoded(path).replace(/^\/(?=[A-Za-z]:\/)/, '');
}

/** Some scanners encode, some do not, some write the separators of Windows. */
function spellings(uri: string): string[] {
  const plain = uri.replace(/[?#].*$/s, '');
  const all = [decoded(plain), decoded(uri), uri].flatMap((name) => [name, name.replaceAll('\\', '/')]);
  return [...new Set(all)].filter((name) => name !== '');
}

/** As it is where it is not percent-encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
