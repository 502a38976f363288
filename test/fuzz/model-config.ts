/** @file config.json beside a model's right weights: opened, its specification read, its weights checked against it, tables made. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeModel } from '../../src/checkpoint/describe-model.ts';
import { openCheckpoint } from '../../src/checkpoint/open-checkpoint.ts';
import { checkWeights } from '../../src/model/check-weights.ts';
import { readModel } from '../../src/model/families/registry.ts';
import { rotariesOf } from '../../src/model/matrices.ts';
import { rotaryTable } from '../../src/model/rotary-table.ts';
import { configFingerprint } from '../../src/network/model-identity.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { fixtureBytes, placeFixture } from './tiny-files.ts';

const rope = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64 };

export const modelConfigTarget: FuzzTarget = {
  name: 'config.json',
  seeds: async () => {
    const config = fixtureBytes('base', 'config.json');
    const json = JSON.parse(Buffer.from(config).toString()) as Record<string, unknown>;
    const variant = (changed: object) => Buffer.from(JSON.stringify({ ...json, ...changed }));
    return [
      config,
      variant({ rope_parameters: { rope_theta: 10000, rope_type: 'llama3', ...rope } }),
      variant({ rope_parameters: null, rope_theta: 500, rope_scaling: { type: 'linear', factor: 2 } }),
      variant({ model_type: 'mistral', sliding_window: 7 }),
      variant({ pad_token_id: 0, head_dim: null }),
    ];
  },
  run: async (bytes, folder) => {
    placeFixture(folder, 'base', 'model.safetensors');
    writeFileSync(join(folder, 'config.json'), bytes);
    await describeModel(folder);
    const checkpoint = await openCheckpoint(folder);
    const model = readModel(checkpoint.config, folder, checkpoint.tensors.size);
    checkWeights(checkpoint, model);
    for (const rotary of rotariesOf(model)) rotaryTable(rotary, 4);
    configFingerprint(model);
  },
};
