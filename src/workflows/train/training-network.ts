/** @file The network that a training runs, on a device, with the cache of what its frozen layers compute. */
import { join } from 'node:path';
import type { AdapterParameters } from '../../adapters/adapter-parameters.ts';
import { vultuneCacheDir } from '../../checkpoint/sources/package-cache.ts';
import { chooseCut } from '../../network/choose-cut.ts';
import { FeatureCache } from '../../network/feature-cache.ts';
import { FrozenFeatures } from '../../network/frozen-features.ts';
import { configFingerprint } from '../../network/model-identity.ts';
import { Network } from '../../network/network.ts';
import type { Backend } from '../../runtime/backend.ts';
import { configuredBackend } from './configured-backend.ts';
import type { TrainingPlan } from './setup.ts';

export interface TrainingNetwork {
  readonly backend: Backend;
  readonly network: Network;
  readonly features: FrozenFeatures | undefined;
}

/** On the device that the configuration names. The caller releases the network. */
export async function trainingNetwork(
  { config, model, adapted, whole }: TrainingPlan,
  parameters: AdapterParameters,
): Promise<TrainingNetwork> {
  const backend = await configuredBackend(config);
  const { spec, weights, checkpoint } = model;
  const cut = chooseCut({
    cut: config.cut,
    blocksPerGraph: config.blocks_per_graph,
    activations: config.activations,
    device: config.device,
  });
  const network = new Network({
    model: spec,
    weights,
    adapted,
    whole,
    parameters,
    backend,
    ...cut,
  });
  const layerCount = network.frozenLayerCount;
  if (!config.feature_cache || layerCount === 0) return { backend, network, features: undefined };
  const cache = new FeatureCache({
    folder: join(vultuneCacheDir(config.cache_dir ?? undefined), 'features'),
    maxBytes: config.feature_cache_max_gb * 1e9,
    // The tokenizer is in the ids that a feature is of.
    modelFingerprint: `${checkpoint.fingerprint} ${configFingerprint(spec)} ${weights.format.name}`,
    layerCount,
    hiddenSize: spec.hiddenSize,
  });
  return { backend, network, features: new FrozenFeatures(network, cache, spec.hiddenSize) };
}
