/**
 * @file The loss of the next token: against PyTorch's on every decoder of the fixtures, its gradients against central differences, and
 * the same in chunks, packed, and with common beginnings computed once.
 */
import { describe, expect, test } from 'vitest';
import { initialParameters } from '../../../src/adapters/adapter-parameters.ts';
import { planLora } from '../../../src/adapters/lora-plan.ts';
import { languageModel } from '../../../src/heads/language-model.ts';
import { nextToken } from '../../../src/objectives/next-token.ts';
import { packSequence } from '../../../src/packing/pack-sequence.ts';
import { readReferenceFolder } from '../../../src/parity/reference-folder.ts';
import { zerosLike } from '../../../src/training/adamw.ts';
import { describeGradients, SMALLEST } from '../../support/network-gradients.ts';
import {
  alone,
  relativeDifference,
  stepGroups,
  together,
  worstDifference,
} from '../../support/network-step.ts';
import { packedEqualsAlone } from '../../support/packed-equals-alone.ts';
import {
  FIXTURE_NAMES,
  fixtureFolder,
  loraDefaults,
  makeModel,
  openFixture,
  tinyConfig,
  tinyNetwork,
} from '../../support/tiny-model.ts';

const references = await Promise.all(
  FIXTURE_NAMES.map(async (name) => {
    const reference = await readReferenceFolder(fixtureFolder(name));
    return { name, reference, loss: reference.optional('next_token_loss_sum')?.[0] };
  }),
);
const withLoss = references.filter(({ loss }) => loss !== undefined);

test('there are reference losses of decoders', () => {
  expect(withLoss.length).toBeGreaterThan(10);
});

test.each(withLoss)(
  "$name: the loss is PyTorch's, in chunks of 3 rows",
  async ({ name, reference, loss }) => {
    const tiny = await openFixture(name);
    const longest = Math.max(...reference.functions.map(({ length }) => length));
    // Beyond its positions this kind of rotary embedding computes otherwise, and Vultune refuses.
    if (longest > (tiny.model.positionLimit ?? longest)) return;
    const objective = nextToken(tiny.model, 3);
    // As adapters begin, they change nothing.
    const adapted = planLora(tiny.model, loraDefaults);
    const parameters = initialParameters(adapted, objective.head, 1);
    const { network } = await tinyNetwork(tiny, {
      head: objective.head,
      adapted,
      parameters,
      blocksPerStage: 1,
    });
    const sequence = packSequence(reference.functions);
    // The reference's last token has no next one.
    const examples = reference.functions.map((ids) => ({
      target: { label: 0 as const, next: ids.slice(1), from: 0 },
      weight: 1,
    }));
    const rows = objective.rows(examples, sequence.layout, 1);
    expect(rows.tokens.length).toBe(objective.terms(examples));
    const targets = { objective, feeds: {}, rows, dropout: undefined };
    const found = await network.step(sequence, objective.head, targets, zerosLike(parameters));
    expect(relativeDifference([found.loss], [loss!])).toBeLessThan(1e-5);
    await network.release();
  },
);

const SMALLEST_HEAD = languageModel(SMALLEST.model, 'every');

describeGradients({
  'next token, every token, a chunk of 3 rows': {
    network: { head: SMALLEST_HEAD, blocksPerStage: 1, lora: { rank: 1 } },
    step: { nextToken: { objective: nextToken(SMALLEST.model, 3), on: 'all' } },
    tolerance: 1e-4,
  },
  'next token, the answer alone, dropout': {
    network: { head: SMALLEST_HEAD, lora: { rank: 1, bias: 'all' } },
    step: { nextToken: { objective: nextToken(SMALLEST.model), on: 'answer' }, dropout: 0.3 },
    tolerance: 1e-4,
  },
});

/** Long enough to be worth sharing. */
const BEGINNING = [1, 5, 2, 7, 9, 4, 3, 3, 8, 10, 6, 6, 0, 2, 5, 11, 7];

const FUNCTIONS = [
  { ids: [...BEGINNING, 9, 4], target: 1, weight: 3 },
  { ids: [...BEGINNING, 8], target: 0, weight: 0.5 },
  { ids: [11, 0, 3], target: 0, weight: 1 },
] as const;

describe('the same loss and gradients', () => {
  const model = makeModel(tinyConfig({ num_hidden_layers: 2 }));
  const head = languageModel(model.model, 'every');
  const run = async (
    chunk: number,
    sharePrefixes: boolean,
    groups: readonly (readonly number[])[],
    dropout: number,
  ) => {
    const tiny = await tinyNetwork(model, { head, blocksPerStage: 1 });
    const step = {
      nextToken: { objective: nextToken(model.model, chunk), on: 'all' as const },
      sharePrefixes,
      dropout,
    };
    const found = await stepGroups(tiny, FUNCTIONS, groups, step);
    await tiny.network.release();
    return found;
  };

  test.each([0, 0.3])(
    'in chunks of any size, packed, and with common beginnings computed once, dropout %d',
    async (dropout) => {
      const expected = await run(100, false, alone(FUNCTIONS), dropout);
      for (const [chunk, shared] of [
        [1, false],
        [4, false],
        [100, true],
        [4, true],
      ] as const) {
        const found = await run(chunk, shared, together(FUNCTIONS), dropout);
        const { loss, gradients } = expected;
        const { name, error } = worstDifference(
          { ...found, logits: new Float64Array() },
          { loss, gradients, logits: new Float64Array() },
        );
        expect(error, `${name}, chunks of ${chunk}`).toBeLessThan(1e-5);
      }
    },
  );

  test('for any grouping, in padded rows too', async () => {
    const objective = nextToken(model.model, 5);
    const reference = await tinyNetwork(model, { head });
    const cut = await tinyNetwork(model, { head, blocksPerStage: 1 });
    for (const on of ['all', 'answer'] as const) {
      await packedEqualsAlone(cut, reference, { dropout: 0.2, numRuns: 8, nextToken: { objective, on } });
    }
    await Promise.all([cut.network.release(), reference.network.release()]);
  });
});

test('a common beginning is one row a token, with the weights of both', () => {
  const objective = nextToken(SMALLEST.model);
  const { layout } = packSequence(
    FUNCTIONS.map(({ ids }) => ids),
    { packing: 'isolated', sharePrefixes: true },
  );
  const examples = FUNCTIONS.map(({ ids, target, weight }) => ({
    target: { label: target, next: ids.slice(1), from: 0 },
    weight,
  }));
  const rows = objective.rows(examples, layout, 2);
  // 18 + 17 + 2 next tokens, of which 16 are the same in both.
  expect(objective.terms(examples)).toBe(37);
  expect(rows.tokens.length).toBe(21);
  const weights = rows.feeds(0, 21).token_weights!.data as Float32Array;
  expect(Array.from(weights.slice(0, 16), Number)).toEqual(Array.from({ length: 16 }, () => 7));
  expect(Array.from(weights.slice(16), Number)).toEqual([6, 6, 1, 2, 2]);
});
