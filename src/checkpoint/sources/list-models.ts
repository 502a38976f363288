/** @file What models are on this machine already: those of the hub's cache that can be opened, and those out of packages. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { scanCacheDir } from '@huggingface/hub';
import { chooseWeights } from '../weight-files.ts';
import { hubCacheDir } from './hub-cache.ts';
import { holdsWholeModel } from './model-files.ts';
import { modelPath, packageFolders, readManifest } from './package-cache.ts';

export interface CachedModel {
  /** What `resolveModel` takes. */
  readonly reference: string;
  readonly kind: 'hub' | 'pypi';
  readonly path: string;
  readonly sizeBytes: number;
  /** Hub: the commit. Package: the version. */
  readonly revision: string;
}

/** Sorted by reference. `cacheDir` as for resolveModel. */
export async function listModels(options: { readonly cacheDir?: string } = {}): Promise<CachedModel[]> {
  const models = [...(await hubModels(options.cacheDir)), ...(await packageModels(options.cacheDir))];
  return models.toSorted((a, b) => (a.reference < b.reference ? -1 : a.reference > b.reference ? 1 : 0));
}

async function hubModels(cacheDir: string | undefined): Promise<CachedModel[]> {
  const folder = hubCacheDir(cacheDir);
  if (!existsSync(folder)) return [];
  const { repos } = await scanCacheDir(folder);
  const revisions = repos
    .filter((repo) => repo.id.type === 'model')
    .flatMap((repo) => repo.revisions.map((revision) => ({ name: repo.id.name, ...revision })));
  const whole = await Promise.all(revisions.map(({ path }) => holdsWholeModel(path)));
  const models = revisions
    .filter((_, i) => whole[i])
    .map(async ({ name, path, size, commitOid }): Promise<CachedModel[]> => {
      const model = { kind: 'hub', revision: commitOid } as const;
      const ggufs = await onlyGgufs(path);
      if (ggufs.length === 0) return [{ ...model, reference: name, path, sizeBytes: size }];
      return await Promise.all(
        ggufs.map(async (file) => ({
          ...model,
          reference: `${name}:${file}`,
          path: join(path, file),
          sizeBytes: (await stat(join(path, file))).size,
        })),
      );
    });
  return (await Promise.all(models)).flat();
}

/** The GGUF files of a folder without other weights: each is a model of its own. */
async function onlyGgufs(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  if (chooseWeights(names) !== undefined) return [];
  // A link to a removed blob counts as missing.
  return names.filter((name) => name.endsWith('.gguf') && existsSync(join(folder, name)));
}

async function packageModels(cacheDir: string | undefined): Promise<CachedModel[]> {
  const models: CachedModel[] = [];
  for (const folder of await packageFolders(cacheDir)) {
    const manifest = await readManifest(folder);
    if (manifest === undefined) continue;
    const sizes = await Promise.all(
      manifest.files.map(async (file) => (await stat(join(folder, file))).size),
    );
    models.push({
      reference: manifest.reference,
      kind: 'pypi',
      path: modelPath(folder, manifest),
      sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
      revision: manifest.version,
    });
  }
  return models;
}
