/** @file Scores data set records with a network in training; token ids of a data set are made once. */
import type { LabelledRecord } from '../../dataset/record.ts';
import type { FrozenFeatures } from '../../network/frozen-features.ts';
import type { Network } from '../../network/network.ts';
import { scoreFunctions } from '../../network/score-functions.ts';
import { evaluationIds } from './examples.ts';
import type { TrainingPlan } from './setup.ts';

export interface ScorerParts {
  readonly plan: Pick<TrainingPlan, 'config' | 'model' | 'pooling' | 'task'>;
  readonly network: Network;
  readonly features: FrozenFeatures | undefined;
  readonly signal: AbortSignal;
}

/** Scores records with the network as it is; their token ids are made once. */
export class RecordScorer {
  readonly #parts: ScorerParts;
  readonly #ids = new Map<readonly LabelledRecord[], readonly (readonly number[])[]>();

  constructor(parts: ScorerParts) {
    this.#parts = parts;
  }

  /** Token ids of each record. */
  ids(records: readonly LabelledRecord[]): readonly (readonly number[])[] {
    const ids = this.#ids.get(records) ?? evaluationIds(this.#parts.plan, records);
    this.#ids.set(records, ids);
    return ids;
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
