/** @file What a scan keeps between runs: scores under the model's key, outlines of files under the tree's. */
import { lstatSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { VultuneError } from '../../base/errors.ts';
import { removeLeftovers } from '../../base/temporary-files.ts';
import { vultuneCacheDir } from '../../checkpoint/sources/package-cache.ts';
import { fileLineCache, type LineCache, memoryLineCache } from '../../scan/cache/line-cache.ts';
import { fileOutlineIndex, noOutlineIndex, type OutlineIndex } from '../../scan/cache/outline-index.ts';
import { fileScoreCache, memoryScoreCache, type ScoreCache } from '../../scan/cache/score-cache.ts';
import { modelKey } from '../../scan/model-key.ts';
import type { Reporter, WorkflowContext } from '../context.ts';
import { adaptedIdentity } from '../open/open-base-model.ts';
import { packageVersions } from '../package-versions.ts';
import type { ScanOptions } from './scan-options.ts';

/** Names the method; goes up when the same model gives a line another score than before. */
const LINES_VERSION = 'gradient-2';

export interface ScanCaches {
  /** Of the adapter's files alone. */
  readonly adapterFingerprint: string;
  readonly scores: ScoreCache;
  readonly lines: LineCache;
  readonly outlines: OutlineIndex;
}

/**
 * An adapter that does not name its model and tokenizer (another tool's, or an older one of ours) is identified by
 * opening them. Throws FILE_MISSING for an adapter without weights.
 */
export async function openCaches(
  { cache = true, device = 'cpu', maxLength, paths }: ScanOptions,
  header: AdapterHeader,
  context: WorkflowContext,
): Promise<ScanCaches> {
  const model = await adaptedIdentity(header, context);
  const { adapterFingerprint, key } = await modelKey(header, { maxLength, device, model });
  if (!cache) {
    return {
      adapterFingerprint,
      scores: memoryScoreCache(),
      lines: memoryLineCache(),
      outlines: noOutlineIndex(),
    };
  }
  const folder = join(vultuneCacheDir(undefined), 'scan');
  removeLeftovers(folder);
  const notKept = (what: string) => (cause: unknown) => {
    context.report.warn(`${what} are not kept: ${cause instanceof Error ? cause.message : String(cause)}`);
  };
  return {
    adapterFingerprint,
    scores: fileScoreCache(folder, key, notKept('scores')),
    lines: fileLineCache(folder, `${LINES_VERSION}-${key}`, notKept("lines' scores")),
    outlines: outlinesOf(paths, folder),
  };
}

function outlinesOf(paths: readonly string[], folder: string): OutlineIndex {
  const roots = paths.map((path) => realpathSync(path)).filter((path) => lstatSync(path).isDirectory());
  // Single files (a commit hook's) are parsed quickly, and their lists would pile up.
  if (roots.length === 0) return noOutlineIndex();
  return fileOutlineIndex(folder, roots.toSorted(), packageVersions().vultune!);
}

/** A disk that refuses them costs the next scan time, and nothing else. */
export function saveOutlines(outlines: OutlineIndex, complete: boolean, report: Reporter): void {
  try {
    outlines.save(complete);
  } catch (cause) {
    if (!(cause instanceof VultuneError)) throw cause;
    report.warn(`the list of functions is not kept: ${cause.message}`);
  }
}
