/** @file Text from tiny decoders: Transformers' greedy tokens, answers that do not depend on their neighbours, ends and stops. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readAllSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { generateBatch } from '../../../src/generation/generate-batch.ts';
import { type GenerateOptions, resolveOptions } from '../../../src/generation/generate-options.ts';
import {
  batchContext,
  type CachedFixture,
  cachedFixture,
  idTokenizer,
} from '../../support/tiny-generator.ts';
import { fixtureFolder } from '../../support/tiny-model.ts';

const greedy = JSON.parse(readFileSync(fixtureFolder('greedy.json'), 'utf8')) as Record<
  string,
  { readonly base: number[][]; readonly adapter?: number[][] }
>;

async function functionsOf(name: string): Promise<number[][]> {
  const io = await readAllSafetensors(`${fixtureFolder(name)}/io.safetensors`);
  const ids = Array.from(io.get('input_ids')!.data, Number);
  let end = 0;
  return Array.from(io.get('lengths')!.data, Number).map((length) => {
    end += length;
    return ids.slice(end - length, end);
  });
}

const run = (
  fixture: CachedFixture,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions = {},
  { ends = [] as readonly number[], firstPrompt = 0 } = {},
) => generateBatch(batchContext(fixture, ends), prompts, { ...resolveOptions(options), firstPrompt });

describe.each(Object.keys(greedy))('%s: greedy tokens as Transformers has them', (name) => {
  const { base, adapter } = greedy[name]!;
  test.each([
    ['base', base],
    ['adapter', adapter],
  ] as const)('%s', async (what, expected) => {
    if (expected === undefined) return;
    const fixture = await cachedFixture(name, { adapter: what === 'adapter', blocksPerStage: 1 });
    // Where a model has fewer positions than Transformers was asked to fill, answers end there.
    const limit = fixture.model.positionLimit ?? Number.POSITIVE_INFINITY;
    const functions = (await functionsOf(name)).filter(({ length }) => length <= limit);
    const answers = await run(fixture, functions, { maxNewTokens: expected[0]!.length });
    for (const [i, { ids, promptTokens }] of answers.entries()) {
      expect(ids).toEqual(expected[i]!.slice(0, limit + 1 - promptTokens));
    }
    await fixture.network.release();
  });
});

describe('answers', () => {
  const PROMPTS = [[5, 9, 2, 7, 7, 1], [5, 9, 2, 4], [3], [11, 12, 13, 14, 15, 16, 17, 18]];
  const fixture = cachedFixture('llama');

  test.each([
    ['greedy', {}],
    ['drawn', { temperature: 1.5, topK: 20, topP: 0.95, seed: 3 }],
  ])('%s: alone = beside others, and again the same', async (_, options) => {
    const together = await run(await fixture, PROMPTS, { maxNewTokens: 12, ...options });
    for (const [place, prompt] of PROMPTS.entries()) {
      const [alone] = await run(
        await fixture,
        [prompt],
        { maxNewTokens: 12, ...options },
        { firstPrompt: place },
      );
      expect(alone!.ids).toEqual(together[place]!.ids);
    }
  });

  test('another seed draws other tokens', async () => {
    const drawn = async (seed: number) =>
      (await run(await fixture, PROMPTS, { temperature: 1.5, seed, maxNewTokens: 12 })).map(({ ids }) => ids);
    expect(await drawn(1)).not.toEqual(await drawn(2));
  });

  test('an end token ends one answer, the others go on; its text is left out', async () => {
    const free = await run(await fixture, PROMPTS, { maxNewTokens: 8 });
    const end = free[0]!.ids[2]!;
    const ended = await run(await fixture, PROMPTS, { maxNewTokens: 8 }, { ends: [end] });
    for (const [i, answer] of ended.entries()) {
      const at = free[i]!.ids.indexOf(end);
      expect(answer.finish).toBe(at < 0 ? 'length' : 'end');
      expect(answer.ids).toEqual(at < 0 ? free[i]!.ids : free[i]!.ids.slice(0, at + 1));
      expect(answer.text).toBe(
        (at < 0 ? answer.ids : answer.ids.slice(0, -1)).map((id) => `<${id}>`).join(''),
      );
    }
  });

  test('a stop string over the border of two tokens ends the text before it', async () => {
    const [free] = await run(await fixture, [PROMPTS[3]!], { maxNewTokens: 8 });
    const { text, ids } = free!;
    // From the last digit of the second token to the number of the third.
    const stop = `${String(ids[1]).at(-1)}><${ids[2]}`;
    const [stopped] = await run(await fixture, [PROMPTS[3]!], { maxNewTokens: 8, stop: [stop] });
    const at = text.indexOf(stop);
    const enough = ids.findIndex((_, i) => idTokenizer.decode(ids.slice(0, i + 1)).includes(stop));
    expect(stopped).toMatchObject({ finish: 'stop', text: text.slice(0, at), ids: ids.slice(0, enough + 1) });
  });

  test('pieces told on the way add up to the text', async () => {
    const texts = PROMPTS.map(() => '');
    const answers = await run(await fixture, PROMPTS, {
      maxNewTokens: 8,
      stop: ['nothing like it'],
      onText: ({ prompt, text }) => {
        texts[prompt] += text;
      },
    });
    expect(texts).toEqual(answers.map(({ text }) => text));
  });

  test('no answer passes the last position of the model', async () => {
    const { model } = await fixture;
    const prompt = Array.from({ length: model.maxPositions - 2 }, (_, i) => i % 100);
    const [answer] = await run(await fixture, [prompt], { maxNewTokens: 50 });
    expect(answer).toMatchObject({ finish: 'length', promptTokens: model.maxPositions - 2 });
    expect(answer!.ids).toHaveLength(3);
  });

  test('the signal stops it between two tokens', async () => {
    const stop = new AbortController();
    let pieces = 0;
    const running = run(await fixture, [PROMPTS[0]!], {
      maxNewTokens: 50,
      signal: stop.signal,
      onText: () => {
        if (++pieces === 3) stop.abort();
      },
    });
    await expect(running).rejects.toThrow(/abort/i);
    expect(pieces).toBe(3);
  });
});
