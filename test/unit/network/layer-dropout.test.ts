import { expect, test } from 'vitest';
import { rowKeys } from '../../../src/adapters/dropout.ts';
import { planLora } from '../../../src/adapters/lora-plan.ts';
import { eliminateDeadCode } from '../../../src/graph/passes/dead-code.ts';
import { dropUnusedInputs } from '../../../src/graph/passes/drop-unused-inputs.ts';
import { buildStage, layerKeyName, ROW_KEYS } from '../../../src/network/stage-graph.ts';
import type { Backend } from '../../../src/runtime/backend.ts';
import { interpret } from '../../../src/runtime/reference/reference-backend.ts';
import { numbersOf } from '../../../src/tensor/elements.ts';
import { hostTensor } from '../../../src/tensor/host-tensor.ts';
import { float32 } from '../../../src/weights/float32.ts';
import { stepGroups } from '../../support/network-step.ts';
import { loraDefaults, makeModel, tinyBackend, tinyConfig, tinyNetwork } from '../../support/tiny-model.ts';

const model = makeModel(tinyConfig());

/** Values of every layer key that reaches a graph while a function goes through a step. */
async function layerKeysOfStep(blocksPerStage: number): Promise<Set<number>> {
  const seen = new Set<number>();
  const inner = await tinyBackend();
  const backend: Backend = {
    ...inner,
    compile: async (graph) => {
      const executable = await inner.compile(graph);
      return {
        graph,
        release: () => executable.release(),
        run: (feeds) => {
          for (const { name } of graph.inputs) {
            if (name.startsWith(layerKeyName(0).slice(0, -1))) seen.add(Number(feeds[name]!.data[0]));
          }
          return executable.run(feeds);
        },
      };
    },
  };
  const tiny = await tinyNetwork(model, { blocksPerStage, backend });
  await stepGroups(tiny, [{ ids: [1, 2], target: 1, weight: 1 }], [[0]], { dropout: 0.5 });
  await tiny.network.release();
  return seen;
}

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
  const keys = new Uint32Array(N);
  rowKeys(keys, 1, 0, 0);
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
