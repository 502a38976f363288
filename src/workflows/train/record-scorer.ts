/** @file Scores data set records with a network in training; token ids of a data set are made once. */
import type { LabelledRecord } from '../../dataset/record.ts';
import type { EncodedFunction } from '../../network/encode-functions.ts';
import type { FrozenFeatures } from '../../network/frozen-features.ts';
import type { Network } from '../../network/network.ts';
import { scoreFunctions } from '../../network/score-functions.ts';
import { cutPart, evaluationFunctions } from './examples.ts';
import type { TrainingPlan } from './setup.ts';
import type { CutPart } from './truncation-text.ts';

export interface ScorerParts {
  readonly plan: Pick<TrainingPlan, 'config' | 'model' | 'pooling' | 'task'>;
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
    const { plan, network, features, signal } = this.#parts;
    const { config, task } = plan;
    const ids = this.ids(records);
    const logits = await scoreFunctions(network, task.head, ids, {
      tokensPerBatch: config.tokens_per_batch,
      features,
      signal,
      onProgress: ({ functions }) => onProgress?.(functions, ids.length),
    });
    return task.scores(logits);
  }
}
