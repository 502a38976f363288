/**
 * @file One release of an npm package: fetched (or taken from npm's cache), its integrity checked, its source files
 * read into memory. Nothing is unpacked to disk and none of its code is run.
 */
import pacote from 'pacote';
import { Parser, type ReadEntry } from 'tar';
import { ARCHIVE_LIMITS, mostUnpackedBytes, pathInArchive } from '../../base/archive-limits.ts';
import { type Language, languageOfPath } from '../../source/languages.ts';

export interface SourceFile {
  /** Inside the package, without its first folder. */
  readonly path: string;
  readonly language: Language;
  readonly text: string;
}

export interface Release {
  /** Subresource integrity of the archive, as the registry gives it. */
  readonly integrity: string;
  /** As package.json says it. */
  readonly license: string;
  readonly files: ReadonlyMap<string, SourceFile>;
}

/** A larger source file is a bundle or data. */
const MAX_FILE_BYTES = 2 * 2 ** 20;
/** Files of a release that are read. */
const MAX_SOURCE_BYTES = 64 * 2 ** 20;

/** @throws what the npm client throws (E404, ENOTFOUND, EINTEGRITY ...) and `RELEASE_TOO_LARGE`. */
export async function fetchRelease(
  name: string,
  version: string,
  npmOptions: pacote.Options,
  signal: AbortSignal | undefined,
): Promise<Release> {
  const options = { ...npmOptions, ...(signal === undefined ? {} : { signal }) };
  const manifest = await pacote.manifest(`${name}@${version}`, options);
  const found = { resolved: manifest._resolved, integrity: manifest._integrity };
  const { files, license } = await pacote.tarball.stream(`${name}@${version}`, readArchive, {
    ...options,
    ...found,
  });
  return { files, license, integrity: String(manifest._integrity) };
}

interface Archive {
  readonly files: Map<string, SourceFile>;
  license: string;
}

/** Reads the source files and the licence out of a (compressed) tar stream. Links and odd paths are passed over. */
export function readArchive(stream: NodeJS.ReadableStream): Promise<Archive> {
  const archive: Archive = { files: new Map(), license: 'unknown' };
  const bytes = { packed: 0, all: 0, source: 0 };
  let entries = 0;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(error instanceof Error ? error : new Error(String(error)));
    const tooLarge = () => {
      const error = Object.assign(new Error('the release is too large to read'), {
        code: 'RELEASE_TOO_LARGE',
      });
      parser.abort(error);
      fail(error);
    };
    const onReadEntry = (entry: ReadEntry) => {
      // Whole entries only: of this one not every packed byte has come.
      const isTooMuch =
        bytes.all > mostUnpackedBytes(bytes.packed, ARCHIVE_LIMITS.source) ||
        ++entries > ARCHIVE_LIMITS.source.entries;
      bytes.all += entry.size;
      const path = withoutFirstFolder(entry.path);
      const wanted =
        entry.type === 'File' && path !== undefined && isWanted(path) && entry.size <= MAX_FILE_BYTES;
      if (wanted) bytes.source += entry.size;
      if (isTooMuch || bytes.all > ARCHIVE_LIMITS.source.totalBytes || bytes.source > MAX_SOURCE_BYTES) {
        return tooLarge();
      }
      if (!wanted) {
        entry.resume();
        return;
      }
      const chunks: Buffer[] = [];
      entry.on('data', (chunk: Buffer) => chunks.push(chunk));
      entry.on('end', () => addFile(archive, path, Buffer.concat(chunks)));
    };
    const parser = new Parser({ strict: true, onReadEntry });
    parser.on('error', fail);
    parser.on('end', () => resolve(archive));
    stream.on('error', fail);
    stream.on('data', (chunk: Buffer) => {
      bytes.packed += chunk.length;
      parser.write(chunk);
    });
    stream.on('end', () => parser.end());
  });
}

function isWanted(path: string): boolean {
  return path === 'package.json' || languageOfPath(path) !== undefined;
}

function addFile(archive: Archive, path: string, bytes: Buffer): void {
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const language = languageOfPath(path);
  if (language !== undefined) archive.files.set(path, { path, language, text });
  else archive.license = licenseOf(text);
}

/** Undefined for a path that leaves the archive. */
function withoutFirstFolder(path: string): string | undefined {
  const segments = pathInArchive(path)?.split('/') ?? [];
  return segments.length < 2 ? undefined : segments.slice(1).join('/');
}

function licenseOf(packageJson: string): string {
  try {
    const parsed = JSON.parse(packageJson) as { license?: unknown; licenses?: unknown };
    const entries = [parsed.license, parsed.licenses].flat().map((entry) => {
      const text = typeof entry === 'object' && entry !== null && 'type' in entry ? entry.type : entry;
      return typeof text === 'string' ? text : undefined;
    });
    const known = new Set(entries.filter((entry) => entry !== undefined));
    return known.size === 0 ? 'unknown' : [...known].join(' OR ');
  } catch {
    return 'unknown';
  }
}
