import { describe, expect, test } from 'vitest';
import type { AdapterParameters } from '../../../src/adapters/adapter-parameters.ts';
import { referenceBackend } from '../../../src/runtime/reference/reference-backend.ts';
import { type HostTensor, hostTensor } from '../../../src/tensor/host-tensor.ts';
import {
  alone,
  relativeDifference,
  type StepOptions,
  stepGroups,
  type TinyFunction,
  together,
  worstDifference,
} from '../../support/network-step.ts';
import { makeModel, type TinyNetworkOptions, tinyConfig, tinyNetwork } from '../../support/tiny-model.ts';

/** As small as a model can be with grouped heads, biases, and a window in its upper layer. */
const model = makeModel(
  tinyConfig({
    model_type: 'qwen2',
    vocab_size: 12,
    hidden_size: 8,
    intermediate_size: 6,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    use_sliding_window: true,
    sliding_window: 2,
    max_window_layers: 1,
  }),
);

const functions: TinyFunction[] = [
  { ids: [1, 5, 2, 7], target: 1, weight: 3 },
  { ids: [4], target: 0, weight: 0.5 },
  { ids: [11, 0, 3], target: 0, weight: 1 },
];

interface Case {
  readonly network: TinyNetworkOptions;
  readonly step: StepOptions;
}

const CASES: Record<string, Case> = {
  'cross-entropy, last token, a block a graph': {
    network: { blocksPerStage: 1, lora: { rank: 1 } },
    step: { loss: { kind: 'cross_entropy' } },
  },
  'focal, mean pooling, dropout, one graph': {
    network: { pooling: 'mean', lora: { rank: 1 } },
    step: { loss: { kind: 'focal', gamma: 2 }, dropout: 0.3 },
  },
};

describe.each(Object.entries(CASES))('%s', (_name, { network: options, step }) => {
  test('every gradient of the whole network is the central difference of its loss in float64', async () => {
    const { parameters } = await tinyNetwork(model, options);
    const precise = new Map([...parameters].map(([key, tensor]) => [key, inFloat64(tensor)]));
    // The interpreter takes float64 where ONNX Runtime would want float32.
    const asParameters = precise as never as AdapterParameters;
    const tiny = await tinyNetwork(model, {
      ...options,
      parameters: asParameters,
      backend: referenceBackend(),
    });
    const run = () => stepGroups(tiny, functions, together(functions), step);
    const { gradients } = await run();
    for (const [key, { data }] of precise) {
      const expected = new Float64Array(data.length);
      for (let i = 0; i < data.length; i++) {
        const center = data[i]!;
        data[i] = center + STEP;
        const above = (await run()).loss;
        data[i] = center - STEP;
        expected[i] = (above - (await run()).loss) / (2 * STEP);
        data[i] = center;
      }
      expect(Math.max(...expected.map(Math.abs)), key).toBeGreaterThan(0);
      expect(relativeDifference(gradients.get(key)!, expected), key).toBeLessThan(1e-6);
    }
  });

  test('ONNX Runtime has the same to float32 rounding', async () => {
    const exact = await tinyNetwork(model, { ...options, backend: referenceBackend() });
    const found = await tinyNetwork(model, options);
    const expected = await stepGroups(exact, functions, alone(functions), step);
    const { error } = worstDifference(
      await stepGroups(found, functions, together(functions), step),
      expected,
    );
    expect(error).toBeLessThan(1e-5);
    await found.network.release();
  });
});

/** Small enough for the third derivative not to show, large enough for float64's rounding not to. */
const STEP = 1e-5;

const inFloat64 = ({ shape, data }: HostTensor<'float32'>) =>
  hostTensor('float64', shape, Float64Array.from(data));
