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
import { type ModelKey, modelKey } from '../../scan/model-key.ts';
import { adaptedIdentity } from '../../workflows/open/open-base-model.ts';
import type { ScanRequest } from '../commands/scan.ts';
import type { CliContext } from '../context.ts';
import { reporting } from '../display/terminal-reporter.ts';

/**
 * What scores are cached under. An adapter that does not say which model and tokenizer it is for (another tool's, or an older
 * one of ours) is asked by opening them.
 */
export async function scoringKey(
  request: ScanRequest,
  header: AdapterHeader,
  context: CliContext,
): Promise<ModelKey> {
  const options = { maxLength: request.maxLength, device: request.device };
  return await modelKey(header, { ...options, model: await adaptedIdentity(header, reporting(context)) });
}

/** Names the method; goes up when the same model gives a line another score than before. */
const LINES_VERSION = 'gradient-2';

export interface ScanCaches {
  readonly scores: ScoreCache;
  readonly lines: LineCache;
  readonly outlines: OutlineIndex;
}

export function openCaches(
  { cache, paths }: ScanRequest,
  key: string,
  version: string,
  { stderr }: CliContext,
): ScanCaches {
  if (!cache) return { scores: memoryScoreCache(), lines: memoryLineCache(), outlines: noOutlineIndex() };
  const folder = join(vultuneCacheDir(undefined), 'scan');
  removeLeftovers(folder);
  const roots = paths.map((path) => realpathSync(path)).filter((path) => lstatSync(path).isDirectory());
  const notKept = (what: string) => (cause: unknown) => {
    stderr.write(`note: ${what} are not kept: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  };
  return {
    scores: fileScoreCache(folder, key, notKept('scores')),
    lines: fileLineCache(folder, `${LINES_VERSION}-${key}`, notKept("lines' scores")),
    // Single files (a commit hook's) are parsed quickly, and their lists would pile up.
    outlines: roots.length === 0 ? noOutlineIndex() : fileOutlineIndex(folder, roots.toSorted(), version),
  };
}

/** A disk that does not take them costs the next scan time, and nothing else. */
export function saveOutlines(outlines: OutlineIndex, complete: boolean, { stderr }: CliContext): void {
  try {
    outlines.save(complete);
  } catch (cause) {
    if (!(cause instanceof VultuneError)) throw cause;
    stderr.write(`note: the list of functions is not kept: ${cause.message}\n`);
  }
}
