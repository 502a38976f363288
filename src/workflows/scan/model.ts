/**
 * @file The detector of a scan behind what is kept of its answers, under a key of all that they depend on: opened when
 * something is first asked of it that is not kept. A scan that finds everything in the caches never opens it.
 */
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { removeLeftovers } from '../../base/temporary-files.ts';
import { explainLines, occludeLines } from '../../explain/line-scores.ts';
import type { Detector } from '../../judging/detector.ts';
import type { Judge } from '../../judging/judge.ts';
import type { PromptedRun } from '../../judging/prompted-run.ts';
import type { PromptedJudge } from '../../prompting/prompted-judge.ts';
import { fileLineCache, type LineCache, memoryLineCache } from '../../scan/cache/line-cache.ts';
import { fileScoreCache, memoryScoreCache, type ScoreCache } from '../../scan/cache/score-cache.ts';
import type { LineExplainer } from '../../scan/explain-findings.ts';
import type { WorkflowContext } from '../context.ts';
import { openAdapter } from '../open/open-detector.ts';
import { openPromptedJudge } from '../open/open-prompted.ts';
import { type PrecisionDrift, refusePrecision, usePrecision } from '../open/precision.ts';
import { promptedScoresKey, type ScoredWith, scoresKey } from '../open/scores-key.ts';
import { type ScanOptions, scanCacheFolder } from './scan-options.ts';
import type { ScoreScale } from './score-scale.ts';

/** Names the method; goes up when the same model gives a line another score than before. */
const LINES_VERSION = 'gradient-2';

export interface ScanModel {
  /** Depends on the adapter's files alone. */
  readonly adapterFingerprint: string;
  /** Undefined where scores are as the adapter was trained to give them. */
  readonly drift: PrecisionDrift | undefined;
  /** Identifies everything that scores depend on. */
  readonly scoresKey: string;
  readonly scores: ScoreCache;
  readonly lines: LineCache;
  readonly open: () => Promise<Judge>;
  /** Explains by gradient, because a scan has no time for more; a prompted model by occluding each line. */
  readonly explain: LineExplainer;
  /** Whether it was opened or not. */
  readonly close: () => Promise<void>;
}

/**
 * An adapter that does not name its model and tokenizer (another tool's, or an older one of ours) is identified by
 * opening them. Throws FILE_MISSING for an adapter without weights, and what `usePrecision` throws.
 */
export async function scanModel(
  options: ScanOptions,
  adapter: AdapterHeader,
  { blendFingerprint }: Pick<ScoreScale, 'blendFingerprint'>,
  context: WorkflowContext,
  beforeOpening: () => void,
): Promise<ScanModel> {
  const { device, numThreads, maxLength, blend } = options;
  if ((options.precision ?? 'as-trained') !== 'as-trained') beforeOpening();
  const { format, drift } = await usePrecision(adapter, options, context);
  const caches = await openCaches(options, adapter, { format, blendFingerprint }, context);
  let opened: Detector | undefined;
  const detector = async (): Promise<Detector> => {
    if (opened !== undefined) return opened;
    beforeOpening();
    opened = await openAdapter(adapter, { device, numThreads, format, maxLength, blend }, context);
    return opened;
  };
  return {
    ...caches,
    drift,
    open: detector,
    explain: async (codes, signal) => {
      const explained = await explainLines(await detector(), codes, 'gradient', { signal });
      return explained.map(({ scores }) => scores);
    },
    close: async () => opened?.close(),
  };
}

/** The same for a model behind a prompt. Its lines are found by taking each one out, which is slow: a scan does not ask for them. */
export function promptedScanModel(
  options: ScanOptions,
  prompted: PromptedRun,
  context: WorkflowContext,
  beforeOpening: () => void,
): ScanModel {
  const { cache = true, device = 'cpu' } = options;
  refusePrecision(options);
  let opened: PromptedJudge | undefined;
  const key = promptedScoresKey(prompted, device);
  const judge = async (): Promise<PromptedJudge> => {
    if (opened !== undefined) return opened;
    beforeOpening();
    opened = await openPromptedJudge(prompted, options, context);
    return opened;
  };
  return {
    adapterFingerprint: prompted.identity.slice(0, 16),
    drift: undefined,
    scoresKey: key,
    scores: cache ? fileScoreCache(scanCacheFolder(), key, notKept('scores', context)) : memoryScoreCache(),
    lines: memoryLineCache(),
    open: judge,
    explain: async (codes, signal) => {
      const explained = await occludeLines((await judge()).occludable(), codes, { signal });
      return explained.map(({ scores }) => scores);
    },
    close: async () => opened?.close(),
  };
}

const notKept =
  (what: string, { report }: WorkflowContext) =>
  (cause: unknown): void => {
    report.warn(`${what} are not kept: ${cause instanceof Error ? cause.message : String(cause)}`);
  };

async function openCaches(
  options: ScanOptions,
  adapter: AdapterHeader,
  { format, blendFingerprint }: ScoredWith,
  context: WorkflowContext,
): Promise<Pick<ScanModel, 'adapterFingerprint' | 'scoresKey' | 'scores' | 'lines'>> {
  const { adapterFingerprint, key } = await scoresKey(
    options,
    adapter,
    { format, blendFingerprint },
    context,
  );
  const named = { adapterFingerprint, scoresKey: key };
  if (options.cache === false) return { ...named, scores: memoryScoreCache(), lines: memoryLineCache() };
  const folder = scanCacheFolder();
  removeLeftovers(folder);
  return {
    ...named,
    scores: fileScoreCache(folder, key, notKept('scores', context)),
    lines: fileLineCache(folder, `${LINES_VERSION}-${key}`, notKept("lines' scores", context)),
  };
}
