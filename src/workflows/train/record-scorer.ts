/** @file Scores data set records with a network in training; token ids of a data set are made once. */
import type { TrainConfig } from '../../config/train-config.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import type { FrozenFeatures } from '../../network/frozen-features.ts';
import type { Network } from '../../network/network.ts';
import type { OpenModel } from '../../network/open-model.ts';
import { scoreFunctions } from '../../network/score-functions.ts';
import type { Judgement } from '../../tasks/task.ts';
import { evaluationIds } from './setup.ts';

export interface ScorerParts {
  readonly config: TrainConfig;
  readonly model: OpenModel;
  readonly network: Network;
  readonly judgement: Judgement;
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
    const { config, model } = this.#parts;
    const ids = this.#ids.get(records) ?? evaluationIds(config, model, records);
    this.#ids.set(records, ids);
    return ids;
  }

  async scores(
    records: readonly LabelledRecord[],
    onProgress?: (done: number, total: number) => void,
  ): Promise<Float64Array> {
    const { config, network, judgement, features, signal } = this.#parts;
    const ids = this.ids(records);
    const logits = await scoreFunctions(network, judgement.head, ids, {
      tokensPerBatch: config.tokens_per_batch,
      features,
      signal,
      onProgress: ({ functions }) => onProgress?.(functions, ids.length),
    });
    return judgement.scores(logits);
  }
}
