/** @file What to change where a training does not fit into memory, or takes long: keys with what each would do, tried on the plan. */

import type { LabelledRecord } from '../../dataset/record.ts';
import { keepLayers } from '../../model/keep-layers.ts';
import { firstTrainedLayer } from '../../network/stage-plan.ts';
import { BaseWeights } from '../../weights/base-weights.ts';
import { nf4 } from '../../weights/four-bit.ts';
import { planTraining } from '../train/setup.ts';
import type { PlannedNetwork } from './planned-network.ts';

export interface Change {
  /** As it stands in a configuration or behind it on the command line: `load_in_4bit=true`. */
  readonly setting: string;
  readonly network: PlannedNetwork;
}

const FEWEST_TOKENS = 64;

/** The changes that this training has left, those that change the result least first. */
export function possibleChanges(network: PlannedNetwork, train: readonly LabelledRecord[]): Change[] {
  const { plan, format, activations } = network;
  const { config, model, adapted, whole } = plan;
  const layers = model.spec.layers.length;
  const changes: Change[] = [];
  const replanned = (changed: Partial<typeof config>, spec = model.spec): PlannedNetwork => ({
    ...network,
    plan: planTraining({ ...config, ...changed }, { ...model, spec }, train, plan.reading.asked?.stored),
  });
  if (activations !== 'recompute') {
    changes.push({ setting: 'activations=recompute', network: { ...network, activations: 'recompute' } });
  }
  const halfBatch = Math.max(config.max_length, Math.floor(config.tokens_per_batch / 2));
  if (halfBatch < config.tokens_per_batch) {
    changes.push({
      setting: `tokens_per_batch=${halfBatch}`,
      network: replanned({ tokens_per_batch: halfBatch }),
    });
  }
  if (format.isQuantized !== true && config.device === 'cpu' && config.finetuning_type !== 'full') {
    const weights = new BaseWeights(model.checkpoint, nf4);
    changes.push({
      setting: 'load_in_4bit=true',
      network: {
        ...network,
        format: nf4,
        plan: { ...plan, config: { ...config, load_in_4bit: true }, model: { ...model, weights } },
      },
    });
  }
  const trained = layers - firstTrainedLayer([...adapted, ...whole], layers);
  const isAdapted = config.finetuning_type === 'lora' || config.finetuning_type === 'adalora';
  if (isAdapted && trained > 1) {
    const last = Math.max(1, Math.floor(trained / 4));
    changes.push({ setting: `"lora_layers=last ${last}"`, network: replanned({ lora_layers: { last } }) });
  }
  const halfLength = Math.floor(config.max_length / 2);
  // What a language model is asked stands around the code, and would be cut with it.
  if (halfLength >= FEWEST_TOKENS && plan.reading.asked === undefined) {
    const tokens_per_batch = Math.max(halfLength, Math.floor(config.tokens_per_batch / 2));
    changes.push({
      setting: `max_length=${halfLength} tokens_per_batch=${tokens_per_batch}`,
      network: replanned({ max_length: halfLength, tokens_per_batch }),
    });
  }
  const kept = Math.floor(layers / 2);
  const { lora_layers } = config;
  if (kept >= 1 && (lora_layers === 'all' || 'last' in lora_layers)) {
    const adaptedLayers = lora_layers === 'all' ? 'all' : { last: Math.min(lora_layers.last, kept) };
    changes.push({
      setting: `keep_layers=${kept}`,
      network: replanned({ keep_layers: kept, lora_layers: adaptedLayers }, keepLayers(model.spec, kept)),
    });
  }
  return changes;
}
