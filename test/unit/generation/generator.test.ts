/** @file A model opened by its folder: prompts, chats, scores of answers, ends out of its files, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateCommand } from '../../../src/cli/commands/generate.ts';
import { runGenerate } from '../../../src/cli/generate/run-generate.ts';
import { endTokens } from '../../../src/generation/end-tokens.ts';
import type { Generator } from '../../../src/generation/generator.ts';
import { languageModel } from '../../../src/heads/language-model.ts';
import { Network } from '../../../src/network/network.ts';
import { openModel } from '../../../src/network/open-model.ts';
import { packSequence } from '../../../src/packing/pack-sequence.ts';
import { generate } from '../../../src/workflows/generate/generate.ts';
import { openGenerator } from '../../../src/workflows/generate/open-generator.ts';
import { cliCase } from '../../support/cli-case.ts';
import { writeTinyBase, writeTinyRun } from '../../support/tiny-adapter.ts';
import { tinyBackend } from '../../support/tiny-model.ts';

let folder = '';
let base = '';
let generator: Generator;
const messages = [{ role: 'user', content: 'is it safe' }];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-generate-'));
  base = join(folder, 'plain');
  writeTinyBase(base, 'llama');
  writeTinyBase(join(folder, 'chat'), 'llama');
  const template = "{% for m in messages %}{{ '[' + m.role + ']' + m.content }}{% endfor %}{{ eos_token }}";
  writeFileSync(join(folder, 'chat', 'chat_template.jinja'), template);
  writeTinyBase(join(folder, 'bert'), 'bert');
  generator = await openGenerator(base);
});
afterAll(async () => {
  await generator.close();
  rmSync(folder, { recursive: true, force: true });
});

test('text and its ids are the same prompt', async () => {
  const text = 'int f(char *s)';
  const [fromText] = await generator.generate([text], { maxNewTokens: 6 });
  const [fromIds] = await generator.generate([generator.encode(text)], { maxNewTokens: 6 });
  expect(fromText).toEqual(fromIds);
  expect(fromText).toMatchObject({ promptTokens: text.length });
});

test('a chat is written by the template, whose special tokens are tokens', async () => {
  const chats = await openGenerator(join(folder, 'chat'));
  const [ids] = await chats.encodeChats([messages]);
  expect(ids).toEqual([...chats.encode('[user]is it safe'), 0]);
  await chats.close();
});

describe('scores of the next token', () => {
  const prompts = [[5, 9, 2, 7, 7, 1], [5, 9, 2, 4], [3]];
  const groups = [[4, 8, 4], [15], Array.from({ length: 128 }, (_, id) => id)];

  test('are the softmax over the vocabulary, summed over each group, in the order of the prompts', async () => {
    const model = await openModel(base);
    const network = new Network({
      model: model.spec,
      weights: model.weights,
      adapted: [],
      parameters: new Map(),
      backend: await tinyBackend(),
      blocksPerStage: 1,
      activations: 'products',
    });
    const head = languageModel(model.spec, 'last');
    const scores = await generator.scoreNextToken(prompts, groups);
    expect(scores.shape).toEqual([3, 3]);
    for (const [row, prompt] of prompts.entries()) {
      const logits = (await network.logits(packSequence([prompt]), head)).data;
      const weights = Array.from(logits, Math.exp);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const expected = [(weights[4]! + weights[8]!) / total, weights[15]! / total, 1];
      for (const [i, share] of expected.entries()) expect(scores.data[3 * row + i]).toBeCloseTo(share, 6);
    }
    await network.release();
    await model.checkpoint.close();
  });

  test.each([
    ['an empty group', [[1], []], /group 2 of answers has no token/],
    ['a token that the model does not have', [[128]], /group 1 of answers has token 128/],
    ['half a token', [[1.5]], /has token 1.5/],
  ])('%s is refused', async (_, wrong, message) => {
    await expect(generator.scoreNextToken(prompts, wrong)).rejects.toMatchObject({
      code: 'TOKEN_GROUP_INVALID',
      message: expect.stringMatching(message),
    });
  });
});

describe('end tokens', () => {
  const endsWith = async (config: unknown) => {
    const model = await openModel(base);
    const file = join(base, 'generation_config.json');
    writeFileSync(file, JSON.stringify(config));
    try {
      return [...endTokens(model)];
    } finally {
      writeFileSync(file, '{}');
      await model.checkpoint.close();
    }
  };
  test('generation_config.json says one or several', async () => {
    expect(await endsWith({ eos_token_id: 7 })).toEqual([7]);
    expect(await endsWith({ eos_token_id: [7, 9] })).toEqual([7, 9]);
  });
  test('without, config.json does', async () => {
    const model = await openModel(base);
    const { eos_token_id: own } = model.checkpoint.config;
    await model.checkpoint.close();
    expect(await endsWith({})).toEqual([own ?? 0].flat());
  });
  test('another form is refused', async () => {
    await expect(endsWith({ eos_token_id: '</s>' })).rejects.toMatchObject({
      code: 'GENERATION_CONFIG_INVALID',
    });
  });
});

describe('what cannot be gone on with', () => {
  test.each([
    ['', 'PROMPT_EMPTY'],
    ['x'.repeat(257), 'PROMPT_TOO_LONG'],
    [[1, 128], 'TOKENIZER_MISMATCH'],
    [[-1], 'TOKENIZER_MISMATCH'],
  ])('%j', async (prompt, code) => {
    await expect(generator.generate([prompt])).rejects.toMatchObject({ code });
  });

  test.each([
    { maxNewTokens: 0 },
    { temperature: -1 },
    { temperature: Number.NaN },
    { topK: 0 },
    { topP: 0 },
    { topP: 1.1 },
    { stop: [''] },
    { seed: 0.5 },
    { batchSize: 0 },
  ])('options %j', async (options) => {
    await expect(generator.generate(['x'], options)).rejects.toMatchObject({ code: 'GENERATION_OPTION' });
  });

  test('a chat without a template: what to do is said', async () => {
    await expect(generate({ model: base, messages })).rejects.toMatchObject({
      code: 'CHAT_TEMPLATE_MISSING',
      hint: expect.stringContaining('-Instruct'),
    });
  });

  test('neither a prompt nor a chat, and both', async () => {
    await expect(generate({ model: base })).rejects.toMatchObject({ code: 'GENERATION_INPUT' });
    await expect(generate({ model: base, prompt: 'x', messages })).rejects.toMatchObject({
      code: 'GENERATION_INPUT',
    });
  });

  test('an encoder', async () => {
    await expect(openGenerator(join(folder, 'bert'))).rejects.toMatchObject({
      code: 'NEXT_TOKEN_UNSUPPORTED',
    });
  });

  test("a classifier's run", async () => {
    const run = await writeTinyRun(folder);
    await expect(openGenerator(run)).rejects.toMatchObject({
      code: 'ADAPTER_MISMATCH',
      hint: expect.stringContaining('another task'),
    });
  });
});

describe('vultune generate', () => {
  const commands = [generateCommand(runGenerate)];
  const short = ['--max-new-tokens', '5'];

  test('the answer on standard output, how long it took on standard error', async () => {
    const { exitCode, stdout, stderr } = await cliCase(commands, [
      'generate',
      base,
      '--prompt',
      'int f',
      ...short,
    ]);
    const [answer] = await generator.generate(['int f'], { maxNewTokens: 5 });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${answer!.text}\n` });
    expect(stderr).toMatch(/^5 tokens after 5 of the prompt \(cut at the most tokens\); first after \d/m);
  });

  test('--json', async () => {
    const file = join(folder, 'messages.json');
    writeFileSync(file, JSON.stringify(messages));
    const { stdout } = await cliCase(commands, [
      'generate',
      join(folder, 'chat'),
      '--messages',
      file,
      '--json',
      ...short,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ finish: 'length', prompt_tokens: 17, ids: expect.any(Array) });
  });

  test('messages of another form are refused with their place', async () => {
    const file = join(folder, 'wrong.json');
    writeFileSync(file, '[{ "role": "user" }]');
    const { exitCode, stderr } = await cliCase(commands, ['generate', base, '--messages', file]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/"0\.content"/);
  });
});
