/** @file A model, or an adapter, from the hub: found in its cache or fetched into it. Puts client, cache and download together. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { TOKENIZER_FILES } from '../tokenizer-files.ts';
import { downloadFile } from './download-file.ts';
import {
  COMMIT,
  cachedCommit,
  type HubCache,
  hubCache,
  linkBlob,
  type RepositoryType,
  storeRef,
} from './hub-cache.ts';
import { type HubClient, type HubFile, hubClient } from './hub-client.ts';
import { holdsWholeModel, selectModelFiles } from './model-files.ts';
import { isOffline, type ResolvedModel, type ResolveOptions } from './model-source.ts';

/** Which files of a repository are wanted, and whether a folder has them. */
export interface WantedFiles {
  /** Default: a model. */
  readonly type?: RepositoryType;
  /** A folder of the repository; default: its top. */
  readonly folder?: string | undefined;
  readonly select: (name: string, names: readonly string[]) => readonly string[];
  readonly isWhole: (folder: string) => Promise<boolean>;
  /** Throws for a file that must not be downloaded. */
  readonly check?: (file: HubFile) => void;
}

const ADAPTER_CONFIG = 'adapter_config.json';
/** The first that is there is taken, as PEFT does. */
const ADAPTER_WEIGHTS = ['adapter_model.safetensors', 'adapter_model.bin'];
const ADAPTER_MAY_HAVE = [
  'vultune.json',
  'blend.json',
  'cwe_head.json',
  'cwe_head.safetensors',
  'README.md',
  ...TOKENIZER_FILES,
];

/** A LoRA adapter that was published. Throws what fetchHubModel throws; ADAPTER_MISSING for a repository without one. */
export async function fetchHubAdapter(name: string, options: ResolveOptions): Promise<ResolvedModel> {
  return await fetchFromHub(name, options, {
    select: (repository, names) => {
      const weights = ADAPTER_WEIGHTS.find((file) => names.includes(file));
      if (weights !== undefined && names.includes(ADAPTER_CONFIG)) {
        return [...ADAPTER_MAY_HAVE.filter((file) => names.includes(file)), ADAPTER_CONFIG, weights];
      }
      const missing = weights === undefined ? ADAPTER_WEIGHTS.join(' or ') : ADAPTER_CONFIG;
      throw new VultuneError('ADAPTER_MISSING', `${repository} on the hub has no ${missing}`, {
        where: { name: repository },
        hint: 'Is it a base model? An adapter is what `vultune train` or PEFT writes.',
      });
    },
    isWhole: async (folder) => {
      const has = (file: string) => existsSync(join(folder, file));
      return has(ADAPTER_CONFIG) && ADAPTER_WEIGHTS.some(has);
    },
  });
}

/**
 * Asks the hub what the revision is now and fetches the files that are missing. Offline, or when the hub cannot be
 * reached, what is cached of that revision serves. Throws what resolveModel says.
 */
export async function fetchHubModel(name: string, options: ResolveOptions): Promise<ResolvedModel> {
  return await fetchFromHub(name, options, { select: selectModelFiles, isWhole: holdsWholeModel });
}

export async function fetchFromHub(
  name: string,
  options: ResolveOptions,
  wanted: WantedFiles,
): Promise<ResolvedModel> {
  const revision = checkRevision(options.revision ?? 'main');
  const cache = hubCache(options.cacheDir, name, wanted.type);
  const resolved = (commit: string): ResolvedModel => ({
    reference: name,
    kind: 'hub',
    path: cache.snapshot(commit),
    revision: commit,
  });
  const cached = await cachedCommit(cache, revision, wanted.isWhole);
  if (cached !== undefined && (COMMIT.test(revision) || isOffline(options))) return resolved(cached);
  if (isOffline(options)) {
    throw new VultuneError('MODEL_NOT_CACHED', `${name} (${revision}) is not in the cache ${cache.folder}`, {
      where: { name },
      hint: 'Offline was asked for (HF_HUB_OFFLINE): fetch it once with a network, or give a local path.',
    });
  }
  const client = hubClient(name, options, wanted.type);
  try {
    const commit = await client.commitOf(revision);
    await fetchSnapshot(name, commit, client, cache, options, wanted);
    storeRef(cache, revision, commit);
    return resolved(commit);
  } catch (error) {
    const unreachable = error instanceof VultuneError && error.code === 'MODEL_HUB_UNREACHABLE';
    if (unreachable && cached !== undefined) return resolved(cached);
    throw error;
  }
}

async function fetchSnapshot(
  name: string,
  commit: string,
  client: HubClient,
  cache: HubCache,
  options: ResolveOptions,
  wanted: WantedFiles,
): Promise<void> {
  const files = new Map((await client.files(commit, wanted.folder)).map((file) => [file.path, file]));
  for (const path of wanted.select(name, [...files.keys()])) {
    if (existsSync(join(cache.snapshot(commit), path))) continue;
    wanted.check?.(files.get(path)!);
    await fetchBlob(files.get(path)!, commit, client, cache, options);
    await linkBlob(cache, files.get(path)!.digest.hex, commit, path);
  }
}

async function fetchBlob(
  file: HubFile,
  commit: string,
  client: HubClient,
  cache: HubCache,
  options: ResolveOptions,
): Promise<void> {
  const target = cache.blob(file.digest.hex);
  if (existsSync(target)) return;
  const report = (receivedBytes: number) =>
    options.onProgress?.({ file: file.path, receivedBytes, totalBytes: file.sizeBytes });
  await downloadFile({
    url: client.fileUrl(commit, file.path),
    name: file.path,
    target,
    sizeBytes: file.sizeBytes,
    digest: file.digest,
    fetch: client.fetch,
    onBytes: report,
    signal: options.signal,
  });
}

/** It becomes a file name in the cache. Throws MODEL_REFERENCE_INVALID. */
export function checkRevision(revision: string): string {
  if (/^\w[\w.-]*(\/\w[\w.-]*)*$/.test(revision) && !revision.includes('..')) return revision;
  throw new VultuneError(
    'MODEL_REFERENCE_INVALID',
    `"${revision}" is not a valid revision: expected a branch, tag or commit`,
  );
}
