/**
 * @file The detector of a scan behind what is kept of its answers, under a key of all that they depend on: opened when
 * something is first asked of it that is not kept. A scan that finds everything in the caches never opens it.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AdapterHeader, adapterWeightsFile } from '../../adapters/files/adapter-files.ts';
import { readCweHead } from '../../adapters/files/cwe-head-files.ts';
import { fileError } from '../../base/files.ts';
import { removeLeftovers } from '../../base/temporary-files.ts';
import { explainLines } from '../../explain/line-scores.ts';
import type { Detector } from '../../judging/detector.ts';
import type { Judge } from '../../judging/judge.ts';
import type { PromptedRun } from '../../judging/prompted-run.ts';
import type { PromptedJudge } from '../../prompting/prompted-judge.ts';
import { fileLineCache, type LineCache, memoryLineCache } from '../../scan/cache/line-cache.ts';
import { fileScoreCache, memoryScoreCache, type ScoreCache } from '../../scan/cache/score-cache.ts';
import type { LineExplainer } from '../../scan/explain-findings.ts';
import { textKey } from '../../scan/fingerprint.ts';
import type { WeightFormat } from '../../weights/weight-format.ts';
import type { WorkflowContext } from '../context.ts';
import { adaptedIdentity } from '../open/open-base-model.ts';
import { openAdapter } from '../open/open-detector.ts';
import { openPromptedJudge } from '../open/open-prompted.ts';
import { type PrecisionDrift, refusePrecision, usePrecision } from '../open/precision.ts';
import { type ScanOptions, scanCacheFolder } from './scan-options.ts';
import type { ScoreScale } from './score-scale.ts';

/** Goes up when the same model gives other scores than before (another way of reading long functions, of packing ...). */
const SCORING_VERSION = 2;
/** Names the method; goes up when the same model gives a line another score than before. */
const LINES_VERSION = 'gradient-2';

export interface ScanModel {
  /** Depends on the adapter's files alone. */
  readonly adapterFingerprint: string;
  /** Undefined where scores are as the adapter was trained to give them. */
  readonly drift: PrecisionDrift | undefined;
  readonly scores: ScoreCache;
  readonly lines: LineCache;
  readonly open: () => Promise<Judge>;
  /** By gradient: a scan has no time for more. */
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

/** The same for a model behind a prompt, which has no gradient that lines could be found by. */
export function promptedScanModel(
  options: ScanOptions,
  prompted: PromptedRun,
  context: WorkflowContext,
  beforeOpening: () => void,
): ScanModel {
  const { cache = true, device = 'cpu' } = options;
  refusePrecision(options);
  let opened: PromptedJudge | undefined;
  const key = textKey(String(SCORING_VERSION), 'prompted', prompted.identity, device);
  return {
    adapterFingerprint: prompted.identity.slice(0, 16),
    drift: undefined,
    scores: cache ? fileScoreCache(scanCacheFolder(), key, notKept('scores', context)) : memoryScoreCache(),
    lines: memoryLineCache(),
    open: async () => {
      if (opened !== undefined) return opened;
      beforeOpening();
      opened = await openPromptedJudge(prompted, options, context);
      return opened;
    },
    explain: async () => {
      throw new Error('internal error: a prompted model explains no lines');
    },
    close: async () => opened?.close(),
  };
}

const notKept =
  (what: string, { report }: WorkflowContext) =>
  (cause: unknown): void => {
    report.warn(`${what} are not kept: ${cause instanceof Error ? cause.message : String(cause)}`);
  };

interface ScoredWith extends Pick<ScoreScale, 'blendFingerprint'> {
  /** As this machine computes with it, which may not be as it was asked for. */
  readonly format: WeightFormat;
}

async function openCaches(
  { cache = true, device = 'cpu', maxLength }: ScanOptions,
  adapter: AdapterHeader,
  { format, blendFingerprint }: ScoredWith,
  context: WorkflowContext,
): Promise<Pick<ScanModel, 'adapterFingerprint' | 'scores' | 'lines'>> {
  const cweHead = readCweHead(adapter.folder);
  const { baseFingerprint, configFingerprint, tokenizerFingerprint } = await adaptedIdentity(
    adapter,
    context,
  );
  const adapterFingerprint = await fingerprintAdapter(adapter);
  if (!cache) return { adapterFingerprint, scores: memoryScoreCache(), lines: memoryLineCache() };
  const { settings } = adapter;
  // Not the threshold: another one needs no other scores.
  const key = textKey(
    String(SCORING_VERSION),
    adapterFingerprint,
    baseFingerprint,
    configFingerprint,
    tokenizerFingerprint,
    settings?.longFunctions ?? '',
    settings?.pooling ?? '',
    // Scores are calibrated ones.
    JSON.stringify(settings?.calibration ?? null),
    String(maxLength ?? settings?.maxLength ?? ''),
    device,
    // Keys from before there were formats and blends stay as they are.
    ...(settings?.question === undefined ? [] : [JSON.stringify(settings.question)]),
    ...(format.name === 'float32' ? [] : [format.name]),
    ...(blendFingerprint === undefined ? [] : [blendFingerprint]),
    // What is kept of a function names its CWEs.
    ...(cweHead?.used === true ? [`cwe ${cweHead.fingerprint}`] : []),
  );
  const folder = scanCacheFolder();
  removeLeftovers(folder);
  return {
    adapterFingerprint,
    scores: fileScoreCache(folder, key, notKept('scores', context)),
    lines: fileLineCache(folder, `${LINES_VERSION}-${key}`, notKept("lines' scores", context)),
  };
}

/** A hash of the files that PEFT writes. */
async function fingerprintAdapter({ folder }: AdapterHeader): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [adapterWeightsFile(folder), join(folder, 'adapter_config.json')]) {
    hash.update(
      await readFile(file).catch((error: unknown) => {
        throw fileError(error, file, 'read');
      }),
    );
  }
  return hash.digest('hex').slice(0, 16);
}
