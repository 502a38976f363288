/** @file Scores data set records with a network in training; token ids of a data set are made once. */
import type { LabelledRecord } from '../../dataset/record.ts';
import type { CweProbability } from '../../evaluation/cwe/cwe-probability.ts';
import { judgedRows } from '../../evaluation/cwe/evaluate-cwe.ts';
import type { EncodedFunction } from '../../network/encode-functions.ts';
import type { FrozenFeatures } from '../../network/frozen-features.ts';
import type { Network } from '../../network/network.ts';
import { scoreFunctions } from '../../network/score-functions.ts';
import { likelyCwes } from '../../tasks/classify-with-cwe.ts';
import type { HostTensor } from '../../tensor/host-tensor.ts';
import { cutPart, evaluationFunctions } from './examples.ts';
import type { TrainingPlan } from './setup.ts';
import type { CutPart } from './truncation-text.ts';

export interface ScorerParts {
  readonly plan: Pick<TrainingPlan, 'config' | 'reading' | 'task'>;
  readonly network: Network;
  readonly features: FrozenFeatures | undefined;
  readonly signal: AbortSignal;
}

/** Scores records with the network as it is; their token ids are made once. */
export class RecordScorer {
  readonly #parts: ScorerParts;
  readonly #encoded = new Map<readonly LabelledRecord[], readonly EncodedFunction[]>();

  constructor(parts: ScorerParts) {
    this.#parts = parts;
  }

  /** Token ids of each record. */
  ids(records: readonly LabelledRecord[]): readonly (readonly number[])[] {
    return this.#encode(records).map(({ ids }) => ids);
  }

  /** What is cut of the records. */
  truncation(key: string, records: readonly LabelledRecord[]): CutPart {
    return cutPart(key, records, this.#encode(records));
  }

  #encode(records: readonly LabelledRecord[]): readonly EncodedFunction[] {
    const encoded = this.#encoded.get(records) ?? evaluationFunctions(this.#parts.plan, records);
    this.#encoded.set(records, encoded);
    return encoded;
  }

  async scores(
    records: readonly LabelledRecord[],
    onProgress?: (done: number, total: number) => void,
  ): Promise<Float64Array> {
    return this.#parts.plan.task.scores(await this.#logits(this.ids(records), onProgress));
  }

  /** What the CWE head says of the functions that have one of its CWEs, by row; all others are undefined. */
  async cwes(
    records: readonly LabelledRecord[],
    classes: readonly { readonly id: string }[],
    onProgress?: (done: number, total: number) => void,
  ): Promise<readonly (readonly CweProbability[] | undefined)[]> {
    const ids = this.ids(records);
    const rows = judgedRows({ classes, records });
    const logits = await this.#logits(
      rows.map((row) => ids[row]!),
      onProgress,
    );
    const likely = likelyCwes(
      logits,
      classes.map(({ id }) => id),
    );
    const byRow = new Map(rows.map((row, i) => [row, likely[i]]));
    return records.map((_, row) => byRow.get(row));
  }

  async #logits(
    ids: readonly (readonly number[])[],
    onProgress?: (done: number, total: number) => void,
  ): Promise<HostTensor<'float32'>> {
    const { plan, network, features, signal } = this.#parts;
    return await scoreFunctions(network, plan.task.head, ids, {
      tokensPerBatch: plan.config.tokens_per_batch,
      features,
      signal,
      onProgress: ({ functions }) => onProgress?.(functions, ids.length),
    });
  }
}
