import { describe, expect, test } from 'vitest';
import { rowKeys } from '../../../src/adapters/dropout.ts';
import { planLora } from '../../../src/adapters/lora-plan.ts';
import { eliminateDeadCode } from '../../../src/graph/passes/dead-code.ts';
import { dropUnusedInputs } from '../../../src/graph/passes/drop-unused-inputs.ts';
import { buildStage, layerKeyName, ROW_KEYS } from '../../../src/network/stage-graph.ts';
import type { Backend } from '../../../src/runtime/backend.ts';
import { interpret } from '../../../src/runtime/reference/reference-backend.ts';
import { numbersOf } from '../../../src/tensor/elements.ts';
import { type HostTensor, hostTensor } from '../../../src/tensor/host-tensor.ts';
import { float32 } from '../../../src/weights/float32.ts';
import { type StepOptions, stepGroups, together } from '../../support/network-step.ts';
import {
  ENCODER_CONFIGS,
  loraDefaults,
  makeModel,
  type TinyModel,
  tinyBackend,
  tinyConfig,
  tinyNetwork,
} from '../../support/tiny-model.ts';

const model = makeModel(tinyConfig());

/** A backend that shows what each run is fed. */
async function watched(see: (name: string, tensor: HostTensor) => void): Promise<Backend> {
  const inner = await tinyBackend();
  return {
    ...inner,
    compile: async (graph) => {
      const executable = await inner.compile(graph);
      return {
        graph,
        release: () => executable.release(),
        run: (feeds) => {
          for (const { name } of graph.inputs) see(name, feeds[name]!);
          return executable.run(feeds);
        },
      };
    },
  };
}

/** Values of every layer key that reaches a graph while a function goes through a step. */
async function layerKeysOfStep(blocksPerStage: number): Promise<Set<number>> {
  const seen = new Set<number>();
  const backend = await watched((name, { data }) => {
    if (name.startsWith(layerKeyName(0).slice(0, -1))) seen.add(Number(data[0]));
  });
  const tiny = await tinyNetwork(model, { blocksPerStage, backend });
  await stepGroups(tiny, [{ ids: [1, 2], target: 1, weight: 1 }], [[0]], { dropout: 0.5 });
  await tiny.network.release();
  return seen;
}

/** The keys of the rows of functions that go through a step together. */
async function rowKeysOfStep(
  functions: readonly (readonly number[])[],
  { of = model, ...options }: StepOptions & { readonly of?: TinyModel } = {},
): Promise<number[]> {
  let keys: number[] = [];
  const backend = await watched((name, { data }) => {
    if (name === ROW_KEYS) keys = Array.from(data, Number);
  });
  const tiny = await tinyNetwork(of, { backend });
  const all = functions.map((ids) => ({ ids, target: 1, weight: 1 }) as const);
  await stepGroups(tiny, all, together(all), { dropout: 0.5, ...options });
  await tiny.network.release();
  return keys;
}

describe('the keys of rows', () => {
  const common = Array.from({ length: 20 }, (_, i) => (i * i) % 7);
  const [first, second] = [
    [...common, 1, 2, 3],
    [...common, 4, 2, 3, 5],
  ];
  const alone = { seed: 5, step: 3, isCausal: true };
  const [ofFirst, ofSecond] = [[...rowKeys(first, alone)], [...rowKeys(second, alone)]];

  test('a function has its own in any company; what two begin with alike has the same, laid out once or twice', async () => {
    expect(await rowKeysOfStep([first, second])).toEqual([...ofFirst, ...ofSecond]);
    expect(await rowKeysOfStep([second, first])).toEqual([...ofSecond, ...ofFirst]);
    expect(ofSecond.slice(0, 20)).toEqual(ofFirst.slice(0, 20));
    const shared = await rowKeysOfStep([first, second], { sharePrefixes: true });
    expect(shared).toEqual([...ofFirst, ...ofSecond.slice(20)]);
  });

  test('in rows with padding: padding has none', async () => {
    const padded = await rowKeysOfStep([first, second], { packing: 'none', extraPadding: 2 });
    expect(padded).toEqual([...ofFirst, 0, 0, 0, ...ofSecond, 0, 0]);
  });

  test('joined: of its own tokens alone, and a separator is a token more of the function before it', async () => {
    const packing = 'joined';
    expect(await rowKeysOfStep([first, second], { packing })).toEqual([...ofFirst, ...ofSecond]);
    const separated = await rowKeysOfStep([first, second], { packing, separator: 9 });
    expect(separated).toEqual([...rowKeys([...first, 9], alone), ...ofSecond]);
  });

  test('an encoder sees both sides: every token has a key of all tokens', async () => {
    const both = { ...alone, isCausal: false };
    const keys = await rowKeysOfStep([first, second], { of: makeModel(ENCODER_CONFIGS.bert) });
    expect(keys).toEqual([...rowKeys(first, both), ...rowKeys(second, both)]);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

test('each layer has a key of its own, the same in every cut', async () => {
  const byBlock = await layerKeysOfStep(1);
  expect(byBlock.size).toBe(4);
  for (const blocksPerStage of [2, 3, Number.POSITIVE_INFINITY]) {
    expect(await layerKeysOfStep(blocksPerStage)).toEqual(byBlock);
  }
});

test('two layers drop different elements of inputs of the same matrix', async () => {
  const [N, D] = [300, model.model.hiddenSize];
  const adapted = planLora(model.model, { ...loraDefaults, targetModules: ['q_proj'] });
  const stage = buildStage(
    { model: model.model, adapted, format: float32 },
    {
      layers: [0, 1],
      head: undefined,
      dropout: 0.5,
      queryChunks: 1,
      sharesPrefixes: false,
    },
  );
  const choices = stage.builder.nodes.filter(({ op }) => op === 'less');
  expect(choices).toHaveLength(2);
  for (const [block, { output }] of choices.entries()) stage.builder.output(`dropped ${block}`, output);
  const keys = rowKeys([...Array(N).keys()], { seed: 1, step: 0, isCausal: true });
  const key = (value: number) => hostTensor('uint32', [], Uint32Array.of(value));
  const [first, second] = [...(await layerKeysOfStep(1))];
  const graph = dropUnusedInputs(eliminateDeadCode(stage.builder.build()));
  const dropped = interpret(graph, {
    [ROW_KEYS]: hostTensor('uint32', [N, 1], keys),
    [layerKeyName(0)]: key(first!),
    [layerKeyName(1)]: key(second!),
  });
  const [a, b] = [0, 1].map((block) => Array.from(numbersOf(dropped[`dropped ${block}`]!)));
  expect(a!).toHaveLength(N * D);
  const same = a!.filter((flag, i) => flag === b![i]).length / a!.length;
  // Five standard deviations of independent draws.
  expect(Math.abs(same - 0.5)).toBeLessThan((5 * 0.5) / Math.sqrt(N * D));
});
