/**
 * @file Models out of Python packages, kept by Vultune: CACHE/models/pypi/NAME/VERSION/ with the model's files and
 * `vultune-model.json`, which is there when all of them are.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';

export interface PackagedModel {
  readonly formatVersion: 1;
  readonly reference: string;
  readonly version: string;
  readonly files: readonly string[];
}

export const MANIFEST = 'vultune-model.json';

/** VULTUNE_CACHE, else the system's folder for caches. */
export function vultuneCacheDir(cacheDir: string | undefined): string {
  const given = cacheDir ?? process.env.VULTUNE_CACHE;
  return given === undefined || given === '' ? envPaths('vultune', { suffix: '' }).cache : given;
}

/** One folder per package however its name is spelled (PEP 503). */
export function packageFolder(cacheDir: string | undefined, name: string, version: string): string {
  return join(packagesFolder(cacheDir), name.toLowerCase().replace(/[-_.]+/g, '-'), version);
}

export function packagesFolder(cacheDir: string | undefined): string {
  return join(vultuneCacheDir(cacheDir), 'models', 'pypi');
}

/** Undefined when the folder is none of ours, or not whole. */
export async function readManifest(folder: string): Promise<PackagedModel | undefined> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const manifest = parseManifest(text);
  return manifest?.files.every((file) => existsSync(join(folder, file))) === true ? manifest : undefined;
}

function parseManifest(text: string): PackagedModel | undefined {
  try {
    const manifest = JSON.parse(text) as PackagedModel;
    return manifest.formatVersion === 1 && Array.isArray(manifest.files) ? manifest : undefined;
  } catch {
    return undefined; // Damaged: the model is fetched again.
  }
}

/** What `openCheckpoint` wants: the GGUF file itself, or the folder. */
export function modelPath(folder: string, manifest: PackagedModel): string {
  const gguf = manifest.files.find((file) => file.endsWith('.gguf'));
  return gguf === undefined ? folder : join(folder, gguf);
}

/** NAME/VERSION folders. */
export async function packageFolders(cacheDir: string | undefined): Promise<string[]> {
  const root = packagesFolder(cacheDir);
  const names = await readdir(root).catch(() => []);
  const nested = await Promise.all(
    names.map(async (name) =>
      (await readdir(join(root, name)).catch(() => [])).map((version) => join(root, name, version)),
    ),
  );
  return nested.flat();
}
