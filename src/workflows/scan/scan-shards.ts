/**
 * @file A scan in shards. A part holds the scores of the texts that its shard scored, under the texts' keys: no source code, no
 * finding. What is reported of a score (threshold, suppressions, baseline) is decided by the merge alone, which reads the tree again.
 */
import { VultuneError } from '../../base/errors.ts';
import type { CachedScore, ScoreCache } from '../../scan/cache/score-cache.ts';
import { memoryScoreCache } from '../../scan/cache/score-cache.ts';
import { pathWithin } from '../../scan/collect-findings.ts';
import type { FoundFunction } from '../../scan/find-functions.ts';
import { z } from '../../schema/zod.ts';
import { InputsDigest } from '../../shards/inputs-digest.ts';
import { checkItem, type ShardFile, type ShardIdentity, ShardWriter } from '../../shards/shard-file.ts';
import { readShards } from '../../shards/shard-set.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { packageVersions } from '../package-versions.ts';
import type { ScanOptions, ScanShardOptions, ScanShardResult } from './scan-options.ts';
import { type TreeScan, type TreeScanHooks, withTreeScan } from './tree-scan.ts';

/**
 * Scores one shard's share of a tree's functions into a part. Every shard lists and parses the whole tree; the model's calls are
 * divided among them.
 * @throws VultuneError as `scan`
 */
export async function scanShard(
  options: ScanShardOptions,
  given: Partial<WorkflowContext> = {},
): Promise<ScanShardResult> {
  const { shard, out } = options;
  const startedAt = new Date();
  return await withTreeScan(options, workflowContext(given), async ({ model, scale, sources }, run) => {
    const identity = scanIdentity(options, { model, scale });
    const writer = new ShardWriter(out, { kind: 'scan', shard, identity, startedAt });
    try {
      const found = new FoundDigest(sources.baseFolder);
      let scored = 0;
      const { complete, counts } = await run({
        onFunction: () => {},
        onSuppressionProblem: () => {},
        onFound: (one) => found.add(one),
        share: {
          shard,
          onScores: (entries) => {
            scored += entries.length;
            for (const [key, score] of entries) writer.add({ key, ...score });
          },
        },
      });
      if (complete) writer.commit(found.digest());
      return { complete, functions: counts.functions, scored };
    } finally {
      writer.discard();
    }
  });
}

export interface MergedScores {
  readonly hooks: Pick<TreeScanHooks, 'scores' | 'onFound' | 'openJudge'>;
  readonly parts: number;
  /** When the first shard started. */
  readonly startedAt: Date;
  /** Throws SHARD_SET where the parts' tree had functions that this one does not have. */
  readonly requireSameFunctions: () => void;
}

/** @throws VultuneError `SHARD_BROKEN`, `SHARD_SET`; `FILE_MISSING` */
export function mergedScores(
  paths: readonly string[],
  {
    options,
    baseFolder,
    ...scored
  }: ScoredBy & { readonly options: ScanOptions; readonly baseFolder: string },
): MergedScores {
  const parts = readShards(paths, { kind: 'scan', identity: scanIdentity(options, scored) });
  const scores = scoresOf(parts);
  const found = new FoundDigest(baseFolder);
  return {
    parts: parts.length,
    startedAt: new Date(Math.min(...parts.map((part) => part.startedAt.getTime()))),
    hooks: {
      scores,
      onFound: (one) => {
        found.add(one);
        requireScore(one, scores, baseFolder);
      },
      openJudge: () => Promise.reject(new Error('internal error: a merge scores nothing')),
    },
    requireSameFunctions: () => {
      if (found.digest() !== parts[0]!.inputs) throw treeChanged('the tree of the parts had other functions');
    },
  };
}

const item = z.object({
  key: z.string().regex(/^[\w-]{22}$/),
  score: z.number().min(0).max(1),
  truncated: z.boolean(),
  cwes: z
    .array(z.object({ id: z.string().regex(/^CWE-\d{1,5}$/), probability: z.number().min(0).max(1) }))
    .max(9)
    .optional(),
});

/** @throws VultuneError `SHARD_BROKEN` */
export function scoresOf(parts: readonly ShardFile[]): ScoreCache {
  const scores = memoryScoreCache();
  for (const part of parts) {
    for (let at = 0; at < part.items.length; at++) {
      const { key, score, truncated, cwes } = checkItem(item, part, at);
      const kept: CachedScore = { score, truncated, ...(cwes === undefined ? {} : { cwes }) };
      scores.add([[key, kept]]);
    }
  }
  return scores;
}

type ScoredBy = Pick<TreeScan, 'model' | 'scale'>;

/** What decides which functions there are and how they are scored. Not the threshold, nor anything else that the merge decides. */
function scanIdentity(
  options: ScanOptions,
  { model: { adapterFingerprint, scoresKey }, scale: { functionContext } }: ScoredBy,
): ShardIdentity {
  const { include = [], exclude = [], gitignore = true, diff } = options;
  return {
    version: packageVersions().vultune!,
    adapter: adapterFingerprint,
    'model and its options': scoresKey,
    '--include': JSON.stringify(include),
    '--exclude': JSON.stringify(exclude),
    '--gitignore': String(gitignore),
    '--include-minified': String(options.includeMinified ?? false),
    '--include-tests': String(options.includeTests ?? false),
    '--include-generated': String(options.includeGenerated ?? false),
    '--include-trivial': String(options.includeTrivial ?? false),
    ...(diff === undefined ? {} : { '--diff': diff }),
    ...(functionContext === undefined ? {} : { 'context of functions': JSON.stringify(functionContext) }),
  };
}

/** A digest of all functions of a tree, in the order of its files: files and texts. */
class FoundDigest {
  readonly #digest = new InputsDigest();
  readonly #baseFolder: string;

  constructor(baseFolder: string) {
    this.#baseFolder = baseFolder;
  }

  add({ file, outline, before }: FoundFunction): void {
    const place = JSON.stringify([pathWithin(this.#baseFolder, file.path), outline.codeKey, before?.codeKey]);
    this.#digest.add(`${place}\n`);
  }

  /** To be called once. */
  digest(): string {
    return this.#digest.digest();
  }
}

/** Throws SHARD_SET. */
function requireScore(
  { file, outline, before }: FoundFunction,
  scores: ScoreCache,
  baseFolder: string,
): void {
  const isKnown = (key: string) => scores.get(key) !== undefined;
  if (isKnown(outline.codeKey) && (before == null || isKnown(before.codeKey))) return;
  const place = `${pathWithin(baseFolder, file.path)}:${outline.startLine}`;
  throw treeChanged(`no part has a score of the function ${outline.name} (${place})`);
}

function treeChanged(found: string): VultuneError {
  return new VultuneError('SHARD_SET', `${found}: a file changed since, or this is another tree`, {
    hint: 'scan the tree that is here again with every --shard, or merge where the tree is as it was',
  });
}
