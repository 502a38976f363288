/**
 * @file Raw scores of a run on a file: from the run's own predictions where it has judged these functions before, else from
 * its detector, and then kept.
 */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterHeader } from '../../adapters/files/adapter-files.ts';
import { readCweHead, type StoredCweHead } from '../../adapters/files/cwe-head-files.ts';
import { VultuneError } from '../../base/errors.ts';
import { fingerprint } from '../../dataset/fingerprint.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import type { Calibration } from '../../evaluation/calibration/calibration.ts';
import type { CweProbability } from '../../evaluation/cwe/cwe-probability.ts';
import { judgedRows } from '../../evaluation/cwe/evaluate-cwe.ts';
import { DEFAULT_THRESHOLD } from '../../evaluation/threshold.ts';
import { adapterCalibration } from '../../judging/adapter-scale.ts';
import type { Detector } from '../../judging/detector.ts';
import { locateAdapter } from '../../judging/locate-adapter.ts';
import { readPromptedRun } from '../../judging/prompted-run.ts';
import type { PromptedJudge } from '../../prompting/prompted-judge.ts';
import { fingerprintFile } from '../../runs/environment.ts';
import { openRun, type Run } from '../../runs/run-folder.ts';
import type { WorkflowContext } from '../context.ts';
import { trainedFormat } from '../open/choose-weight-format.ts';
import { openAdapter } from '../open/open-detector.ts';
import { openPromptedJudge } from '../open/open-prompted.ts';
import {
  type PrecisionDrift,
  type PrecisionOptions,
  refusePrecision,
  type UsedPrecision,
  usePrecision,
} from '../open/precision.ts';
import { withScoringProgress } from '../scoring-progress.ts';
import { readScores, scoreRemaining, unscoredRows, writeScores } from './kept-scores.ts';
import { ownCwes, ownScores, type PredictedSplit } from './own-predictions.ts';
import { type ScoredBy, scoringIdentity } from './scoring-identity.ts';

export interface ScoringRequest extends PrecisionOptions {
  readonly run: string;
  readonly maxLength?: number | undefined;
}

/** A run as evaluation sees it: opened as a detector only when something must be scored. */
export class ScoringRun {
  readonly name: string;
  /** An adapter, or a model behind a prompt. */
  readonly scoredBy: ScoredBy;
  /** Undefined for an adapter folder outside a run. */
  readonly run: Run | undefined;
  readonly calibration: Calibration | undefined;
  /** Undefined for an adapter without one. */
  readonly cweHead: StoredCweHead | undefined;
  /** As stored, on the calibrated scale. */
  readonly threshold: number;
  readonly thresholdFrom: 'adapter' | 'fixed';
  /** Undefined for a model behind a prompt. */
  readonly #header: AdapterHeader | undefined;
  readonly #request: ScoringRequest;
  readonly #context: WorkflowContext;
  #judge: Detector | PromptedJudge | undefined;
  #identity: Promise<string | undefined> | undefined;
  #precision: Promise<UsedPrecision> | undefined;

  /** Throws for a folder that holds no usable adapter. */
  constructor(request: ScoringRequest, context: WorkflowContext) {
    this.name = request.run;
    const prompted = readPromptedRun(request.run, request.maxLength);
    if (prompted !== undefined) refusePrecision(request);
    const header = prompted === undefined ? locateAdapter(request.run) : undefined;
    this.#header = header;
    this.scoredBy = prompted ?? header!;
    this.run = existsSync(join(request.run, 'run.json')) ? openRun(request.run) : undefined;
    this.calibration = header && adapterCalibration(header);
    this.cweHead = readCweHead(this.scoredBy.folder);
    this.threshold = prompted?.prompted.threshold ?? header?.settings?.threshold ?? DEFAULT_THRESHOLD;
    this.thresholdFrom = header?.settings === undefined ? 'fixed' : 'adapter';
    this.#request = request;
    this.#context = context;
  }

  /** [N] the network's own probabilities, before calibration. Stopped half way, the next call continues from there. */
  async rawScores(label: string, file: string, records: readonly LabelledRecord[]): Promise<Float64Array> {
    const own = await this.#ownPredictions(file, records);
    if (own !== undefined) return own;
    const path = await this.#keptPath(records);
    const kept = path === undefined ? undefined : readScores(path, records);
    const scores = kept ?? new Float64Array(records.length).fill(Number.NaN);
    const missing = unscoredRows(scores).length;
    if (missing === 0) return scores;
    const judge = await this.#opened();
    const { report, signal } = this.#context;
    await withScoringProgress(label, missing, report, (onProgress) =>
      scoreRemaining(scores, {
        judge: async (rows, onRows) => {
          const codes = rows.map((row) => records[row]!.code);
          const { rawScores } = await judge.judge(codes, {
            signal,
            nameOf: (index) => `${records[rows[index]!]!.id ?? rows[index]! + 1}`,
            onProgress: ({ functions }) => onRows(functions),
          });
          return rawScores;
        },
        keep: () => path !== undefined && this.#keep(path, records, scores),
        onProgress,
      }),
    );
    return scores;
  }

  /**
   * [N] what the run's CWE head says of the functions that have one of its CWEs, whether or not a scan uses it; undefined where it
   * has none. Not kept: these are few functions.
   */
  async cwes(
    file: string,
    records: readonly LabelledRecord[],
  ): Promise<readonly (readonly CweProbability[] | undefined)[] | undefined> {
    const { cweHead } = this;
    if (cweHead === undefined) return undefined;
    const own = await this.#own(file, records, ownCwes);
    if (own !== undefined) return own;
    const rows = judgedRows({ classes: cweHead.classes, records });
    if (rows.length === 0) return records.map(() => undefined);
    const judge = await this.#opened();
    const { report, signal } = this.#context;
    const { cwes } = await withScoringProgress('CWEs', rows.length, report, (onProgress) =>
      judge.judge(
        rows.map((row) => records[row]!.code),
        {
          signal,
          nameOf: (index) => `${records[rows[index]!]!.id ?? rows[index]! + 1}`,
          onProgress: ({ functions }) => onProgress(functions),
        },
      ),
    );
    const byRow = new Map(rows.map((row, i) => [row, cwes?.[i]]));
    return records.map((_, row) => byRow.get(row));
  }

  /** Undefined where scores are as the adapter was trained to give them. */
  async drift(): Promise<PrecisionDrift | undefined> {
    const header = this.#header;
    if (header === undefined || this.#isAsTrained) return undefined;
    return (await this.#usePrecision(header)).drift;
  }

  get #isAsTrained(): boolean {
    const { precision = 'as-trained' } = this.#request;
    const header = this.#header;
    return precision === 'as-trained' || header === undefined || precision === trainedFormat(header);
  }

  #usePrecision(header: AdapterHeader): Promise<UsedPrecision> {
    this.#precision ??= usePrecision(header, this.#request, this.#context);
    return this.#precision;
  }

  /** Scores that cannot be kept are reported all the same. */
  #keep(path: string, records: readonly LabelledRecord[], scores: Float64Array): void {
    try {
      writeScores(path, records, scores);
    } catch (error) {
      if (!(error instanceof VultuneError)) throw error;
      this.#context.report.warn(`the scores are not kept: ${error.message}`);
    }
  }

  async close(): Promise<void> {
    await this.#judge?.close();
    this.#judge = undefined;
  }

  async #opened(): Promise<Detector | PromptedJudge> {
    const { scoredBy } = this;
    this.#judge ??=
      'prompted' in scoredBy
        ? await openPromptedJudge(scoredBy, this.#request, this.#context)
        : await this.#openDetector(this.#header!);
    return this.#judge;
  }

  /** Without a threshold or a blend: those are applied to scores, not to scoring. */
  async #openDetector(header: AdapterHeader): Promise<Detector> {
    const { device, numThreads, maxLength } = this.#request;
    const { format } = await this.#usePrecision(header);
    const options = { device, numThreads, maxLength, format, blend: 'off', cweHead: 'always' } as const;
    return await openAdapter(header, options, this.#context);
  }

  /** What training left of its validation and test file, when this is that file and the adapter is the one it left. */
  async #ownPredictions(file: string, records: readonly LabelledRecord[]): Promise<Float64Array | undefined> {
    return await this.#own(file, records, ownScores);
  }

  async #own<T>(
    file: string,
    records: readonly LabelledRecord[],
    read: (
      predictions: string,
      split: PredictedSplit,
      adapter: ScoredBy,
      records: readonly LabelledRecord[],
    ) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    if (this.run === undefined || this.#request.maxLength !== undefined || !this.#isAsTrained)
      return undefined;
    if (!existsSync(file) || !statSync(file).isFile()) return undefined;
    const { sha256 } = await fingerprintFile(file);
    for (const split of ['test', 'valid'] as const) {
      if (this.run.record.data[`${split}_file`]?.sha256 !== sha256) continue;
      const own = await read(this.run.paths.predictions, split, this.scoredBy, records);
      if (own !== undefined) return own;
    }
    return undefined;
  }

  /** What is computed in, where that is not the training's format, which the identity has. */
  async #otherFormat(): Promise<readonly string[]> {
    const header = this.#header;
    if (header === undefined) return [];
    const { format } = await this.#usePrecision(header);
    return format.name === trainedFormat(header) ? [] : [format.name];
  }

  /** The name says all that the scores depend on: functions, detector, how much is read, what is computed in here. */
  async #keptPath(records: readonly LabelledRecord[]): Promise<string | undefined> {
    if (this.run === undefined) return undefined;
    this.#identity ??= scoringIdentity(this.scoredBy);
    const identity = await this.#identity;
    if (identity === undefined) return undefined;
    const { maxLength, device = 'cpu' } = this.#request;
    const other = await this.#otherFormat();
    const key = createHash('sha256')
      .update(JSON.stringify([fingerprint(records).records, identity, maxLength ?? null, device, ...other]))
      .digest('hex')
      .slice(0, 16);
    return join(this.run.paths.predictions, `evaluated-${key}.jsonl`);
  }
}
