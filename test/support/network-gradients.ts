/**
 * @file Holds every gradient of a whole network to central differences of its loss, and ONNX Runtime to the same: the one
 * call that checks a new head, residual layout, norm or adapter. Its cost is two runs for each trained number: keep models tiny.
 */
import { describe, expect, test } from 'vitest';
import type { AdapterParameters } from '../../src/adapters/adapter-parameters.ts';
import type { Label } from '../../src/objectives/classification.ts';
import type { Objective } from '../../src/objectives/objective.ts';
import { referenceBackend } from '../../src/runtime/reference/reference-backend.ts';
import { type HostTensor, hostTensor } from '../../src/tensor/host-tensor.ts';
import {
  alone,
  relativeDifference,
  type StepOptions,
  stepGroups,
  type TinyFunction,
  together,
  worstDifference,
} from './network-step.ts';
import { makeModel, type TinyModel, type TinyNetworkOptions, tinyConfig, tinyNetwork } from './tiny-model.ts';

export interface GradientCase {
  /** Default: `SMALLEST`. Its vocabulary must hold ids up to 11. */
  readonly model?: Pick<TinyModel, 'model' | 'weights'>;
  /** A new head is given here; an adapter by `lora`, or by `adapted` and `parameters`. */
  readonly network?: TinyNetworkOptions;
  readonly step?: StepOptions;
  /**
   * How far float32 may be from float64, of a tensor's largest entry, and ten times how far differences may be; default:
   * 1e-5.
   */
  readonly tolerance?: number;
}

/** As small as a model can be with grouped heads, biases, and a window in its upper layer. */
export const SMALLEST = makeModel(
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

/** Half the sum of squares of logits of any shape [R, C]: the objective for a head whose logits are not two per function. */
export const HALF_SQUARES: Objective<Label> = {
  id: 'half squares',
  loss: (b, logits) => b.scale(b.reduceSum(b.mul(logits, logits), [0, 1]), 0.5),
  feeds: () => ({}),
};

const FUNCTIONS: readonly TinyFunction[] = [
  { ids: [1, 5, 2, 7], target: 1, weight: 3 },
  { ids: [4], target: 0, weight: 0.5 },
  { ids: [11, 0, 3], target: 0, weight: 1 },
];

/** Small enough for the third derivative not to show, large enough for float64's rounding not to. */
const STEP = 1e-5;

/** Declares the tests of each case, under its name. */
export function describeGradients(cases: Readonly<Record<string, GradientCase>>): void {
  describe.each(Object.entries(cases))('%s', (_name, one) => {
    const { model = SMALLEST, network = {}, step = {}, tolerance = 1e-5 } = one;
    test('every gradient of the whole network is the central difference of its loss in float64', async () => {
      const { parameters } = await tinyNetwork(model, network);
      const precise = new Map([...parameters].map(([key, tensor]) => [key, inFloat64(tensor)]));
      // The interpreter takes float64 where ONNX Runtime would want float32.
      const asParameters = precise as never as AdapterParameters;
      const backend = referenceBackend();
      const tiny = await tinyNetwork(model, { ...network, parameters: asParameters, backend });
      const run = () => stepGroups(tiny, FUNCTIONS, together(FUNCTIONS), step);
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
        expect(relativeDifference(gradients.get(key)!, expected), key).toBeLessThan(tolerance / 10);
      }
    });

    test('ONNX Runtime has the same to float32 rounding', async () => {
      const exact = await tinyNetwork(model, { ...network, backend: referenceBackend() });
      const found = await tinyNetwork(model, network);
      // Joined, a function alone is another thing than the same behind others.
      const groups = step.packing === 'joined' ? together(FUNCTIONS) : alone(FUNCTIONS);
      const expected = await stepGroups(exact, FUNCTIONS, groups, step);
      const { error } = worstDifference(
        await stepGroups(found, FUNCTIONS, together(FUNCTIONS), step),
        expected,
      );
      expect(error).toBeLessThan(tolerance);
      await found.network.release();
    });
  });
}

const inFloat64 = ({ shape, data }: HostTensor<'float32'>) =>
  hostTensor('float64', shape, Float64Array.from(data));
