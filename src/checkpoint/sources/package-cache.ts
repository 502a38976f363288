/**
 * @file Models out of Python packages, kept by Vultune: CACHE/models/pypi/NAME/VERSION/ with the model's files and
 * `vultune-model.json`, which is there when all of them are.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { jsonOrUndefined } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';

/** Names of files in the model's own folder. */
const fileName = z
  .string()
  .regex(/^[^/\\\0]+$/)
  .refine((name) => name !== '.' && name !== '..');

const manifestSchema = z.object({
  formatVersion: z.literal(1),
  reference: z.string(),
  version: z.string(),
  files: z.array(fileName),
});

export type PackagedModel = Readonly<z.output<typeof manifestSchema>>;

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
  // A damaged one is as good as none: the model is fetched again.
  const manifest = jsonOrUndefined(manifestSchema, text);
  return manifest?.files.every((file) => existsSync(join(folder, file))) === true ? manifest : undefined;
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
