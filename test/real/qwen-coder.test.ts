/**
 * @file Qwen2.5-Coder-0.5B-Instruct out of its official GGUF (Q4_K_M: Q5_0, Q8_0, Q6_K, Q4_K blocks) against Transformers 5.23 on
 * the same weights decoded to float32: token ids, hidden states behind the last norm, logits of the next token.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hiddenStates } from '../../src/heads/hidden-states.ts';
import { languageModel } from '../../src/heads/language-model.ts';
import { Network } from '../../src/network/network.ts';
import { type OpenModel, openModel } from '../../src/network/open-model.ts';
import { packSequence } from '../../src/packing/pack-sequence.ts';
import { ortBackend } from '../../src/runtime/ort/ort-backend.ts';

interface Reference {
  readonly code: string;
  readonly ids: number[];
  /** The eight largest logits behind the last token. */
  readonly topIds: readonly number[];
  readonly topLogits: readonly number[];
  /** First eight features: mean over the tokens, and of the last token. */
  readonly meanHidden: readonly number[];
  readonly lastHidden: readonly number[];
}

const references: readonly Reference[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'qwen-coder.json'), 'utf8'),
);

const path =
  process.env.VULTUNE_QWEN_CODER ??
  join(homedir(), '.cache/vultune-models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf');
const isHere = existsSync(path);
if (!isHere) process.stdout.write(`skipped: no ${path} (set VULTUNE_QWEN_CODER)\n`);

describe.skipIf(!isHere)('Qwen2.5-Coder-0.5B-Instruct, Q4_K_M', () => {
  let model: OpenModel;
  let network: Network;
  beforeAll(async () => {
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
    await network?.release();
    await model?.checkpoint.close();
  });

  test('token ids', () => {
    for (const { code, ids } of references) expect(model.tokenizer.encode(code)).toEqual(ids);
  });

  test('hidden states and logits, packed', async () => {
    const D = model.spec.hiddenSize;
    const sequence = packSequence(references.map(({ ids }) => ids));
    const hidden = (await network.logits(sequence, hiddenStates)).data;
    const logits = (await network.logits(sequence, languageModel(model.spec, 'last'))).data;
    for (const [row, { topIds, topLogits, meanHidden, lastHidden }] of references.entries()) {
      const tokens = [...sequence.layout.flatTokens[row]!];
      const at = (token: number, feature: number) => hidden[token * D + feature]!;
      for (const [feature, expected] of meanHidden.entries()) {
        const mean = tokens.reduce((sum, token) => sum + at(token, feature), 0) / tokens.length;
        expect(Math.abs(mean - expected)).toBeLessThan(1e-3);
        expect(Math.abs(at(tokens.at(-1)!, feature) - lastHidden[feature]!)).toBeLessThan(1e-3);
      }
      const own = logits.subarray(row * model.spec.vocabularySize, (row + 1) * model.spec.vocabularySize);
      for (const [i, id] of topIds.entries()) {
        expect(Math.abs(own[id]! - topLogits[i]!)).toBeLessThan(1e-3);
      }
      expect(own.reduce((most, value) => Math.max(most, value))).toBe(own[topIds[0]!]);
    }
  });
});
