/**
 * @file Raw scores of a run on a file: out of the run's own predictions where it has judged these functions before, else
 * by its detector, and then kept. Knows nothing of what the scores are for.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile, writeFileAtomic } from '../../base/files.ts';
import { fingerprint } from '../../dataset/fingerprint.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { adapterCalibration, type Detector } from '../../detector/detector.ts';
import { locateAdapter } from '../../detector/locate-adapter.ts';
import type { Calibration } from '../../evaluation/calibration/calibration.ts';
import { DEFAULT_THRESHOLD } from '../../evaluation/threshold.ts';
import type { AdapterHeader } from '../../peft/adapter-files.ts';
import { fingerprintFile } from '../../runs/environment.ts';
import { openRun, type Run } from '../../runs/run-folder.ts';
import type { CliContext } from '../context.ts';
import type { DeviceOptions } from '../options.ts';
import { type DetectorRequest, openDetector } from './open-detector.ts';
import { withScoringProgress } from './scoring-progress.ts';

export interface ScoringRequest extends DeviceOptions {
  readonly run: string;
  readonly maxLength?: number;
}

/** Without a threshold: that is applied to scores, not to scoring. */
function detectorRequest({ run, device, numThreads, maxLength }: ScoringRequest): DetectorRequest {
  return {
    run,
    device,
    ...(numThreads === undefined ? {} : { numThreads }),
    ...(maxLength === undefined ? {} : { maxLength }),
  };
}

/** A run as evaluation sees it: opened as a detector only when something must be scored. */
export class ScoringRun {
  readonly name: string;
  readonly header: AdapterHeader;
  /** Undefined for an adapter folder that is no run. */
  readonly run: Run | undefined;
  readonly calibration: Calibration | undefined;
  /** As stored, on the calibrated scale. */
  readonly threshold: number;
  readonly #request: ScoringRequest;
  readonly #context: CliContext;
  #detector: Detector | undefined;
  #key: string | undefined;

  /** Throws for a folder that holds no usable adapter. */
  constructor(request: ScoringRequest, context: CliContext) {
    this.name = request.run;
    this.header = locateAdapter(request.run);
    this.run = existsSync(join(request.run, 'run.json')) ? openRun(request.run) : undefined;
    this.calibration = adapterCalibration(this.header);
    this.threshold = this.header.settings?.threshold ?? DEFAULT_THRESHOLD;
    this.#request = request;
    this.#context = context;
  }

  /** [N] the network's own probabilities, before calibration. */
  async rawScores(label: string, file: string, records: readonly LabelledRecord[]): Promise<Float64Array> {
    const known = (await this.#ownPredictions(file, records)) ?? (await this.#kept(records));
    if (known !== undefined) return known;
    this.#detector ??= await openDetector(detectorRequest(this.#request), this.#context);
    const detector = this.#detector;
    const { stderr, signal } = this.#context;
    const codes = records.map(({ code }) => code);
    const { rawScores } = await withScoringProgress(label, records.length, stderr, (onProgress) =>
      detector.judge(codes, { signal, onProgress: ({ functions }) => onProgress(functions) }),
    );
    const path = await this.#keptPath(records);
    if (path !== undefined) writeFileAtomic(path, formatScores(records, rawScores));
    return rawScores;
  }

  async close(): Promise<void> {
    await this.#detector?.close();
    this.#detector = undefined;
  }

  /** What training left of its validation and test file, when this is that file. */
  async #ownPredictions(file: string, records: readonly LabelledRecord[]): Promise<Float64Array | undefined> {
    if (this.run === undefined || this.#request.maxLength !== undefined || !existsSync(file))
      return undefined;
    const { sha256 } = await fingerprintFile(file);
    for (const split of ['test', 'valid']) {
      if (this.run.record.data[`${split}_file`]?.sha256 !== sha256) continue;
      const scores = readScores(join(this.run.paths.predictions, `${split}.jsonl`), records);
      if (scores !== undefined) return scores;
    }
    return undefined;
  }

  async #kept(records: readonly LabelledRecord[]): Promise<Float64Array | undefined> {
    const path = await this.#keptPath(records);
    return path === undefined ? undefined : readScores(path, records);
  }

  /** The name says all that the scores depend on: functions, adapter, base model, how much is read. */
  async #keptPath(records: readonly LabelledRecord[]): Promise<string | undefined> {
    if (this.run === undefined) return undefined;
    const { folder, settings } = this.header;
    this.#key ??= (await fingerprintFile(join(folder, 'adapter_model.safetensors'))).sha256;
    const key = createHash('sha256')
      .update(
        JSON.stringify([
          fingerprint(records).records,
          this.#key,
          settings?.baseFingerprint ?? null,
          this.#request.maxLength ?? settings?.maxLength ?? null,
        ]),
      )
      .digest('hex')
      .slice(0, 16);
    return join(this.run.paths.predictions, `evaluated-${key}.jsonl`);
  }
}

function formatScores(records: readonly LabelledRecord[], rawScores: Float64Array): string {
  const lines = records.map(({ id, target }, i) =>
    JSON.stringify({ id: id ?? i + 1, raw_score: rawScores[i], target }),
  );
  return `${lines.join('\n')}\n`;
}

/** Undefined when the file is absent, or does not hold one score for each record with its target. */
function readScores(path: string, records: readonly LabelledRecord[]): Float64Array | undefined {
  if (!existsSync(path)) return undefined;
  const lines = readTextFile(path).trimEnd().split('\n');
  if (lines.length !== records.length) return undefined;
  const scores = new Float64Array(lines.length);
  for (const [i, line] of lines.entries()) {
    let entry: { readonly score?: unknown; readonly raw_score?: unknown; readonly target?: unknown };
    try {
      entry = JSON.parse(line) as typeof entry;
    } catch {
      return undefined; // torn or edited: scored again
    }
    const score = entry.raw_score ?? entry.score;
    if (typeof score !== 'number' || entry.target !== records[i]!.target) return undefined;
    scores[i] = score;
  }
  return scores;
}
