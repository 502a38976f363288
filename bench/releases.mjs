/**
 * @file The releases that a dataset's fixes lie between, fetched as `data build` fetches them (npm, pip, mvn, or its cache), and
 * written out as trees to scan. Nothing of them is run. What is measured on them is a benchmark's own business.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { vultuneCacheDir } from '../dist/checkpoint/sources/package-cache.js';
import { MavenRegistry } from '../dist/dataset/sources/releases/maven-registry.js';
import { NpmRegistry } from '../dist/dataset/sources/releases/npm-registry.js';
import { textsOf } from '../dist/dataset/sources/releases/npm-release.js';
import { PypiRegistry } from '../dist/dataset/sources/releases/pypi-registry.js';

const registries = { npm: new NpmRegistry(), pypi: new PypiRegistry(), maven: new MavenRegistry() };

/** What `data build` and the quickstart use. */
export const defaultCacheDir = () => join(vultuneCacheDir(undefined), 'datasets');

/** Trees lie in one place from run to run, so that lists of their functions that a scan keeps do not pile up. */
export const treesFolder = () => join(vultuneCacheDir(undefined), 'bench');

/**
 * @param {{ ecosystem: 'npm' | 'pypi' | 'maven', name: string, vulnerable: string, fixed: string }} pair
 * @param {string} cacheDir
 * @returns {Promise<{ vulnerable: ReadonlyMap<string, string>, fixed: ReadonlyMap<string, string> } | undefined>} source texts by
 *   path; undefined where the registry has not both, or an archive cannot be read whole
 */
export async function fetchTexts({ ecosystem, name, vulnerable, fixed }, cacheDir) {
  const context = { tally: { add: () => {} }, signal: new AbortController().signal, cacheDir };
  const found = await registries[ecosystem].fetch(name, { vulnerable, fixed }, context);
  return found && { vulnerable: textsOf(found.vulnerable), fixed: textsOf(found.fixed) };
}

/** A folder with these files and no others, but for those of git. The archive's reader lets no path out of the release. */
export function writeTree(folder, texts, { keepGit = false } = {}) {
  if (!keepGit || !existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  for (const [path, text] of texts) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** `org.jsoup:jsoup` and `@scope/name` as a folder's name. */
export const folderName = (name, version) => `${name}-${version}`.replace(/[^\w.-]+/g, '-');
