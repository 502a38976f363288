/**
 * @file The next token in a joined pack: `code + answer + end of text` behind one another as one text, as the first paper's code lays
 * them out. Scores and losses against PyTorch's hidden states of the joined fixtures, and against the same text in one piece.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { initialParameters } from '../../../src/adapters/adapter-parameters.ts';
import { planLora } from '../../../src/adapters/lora-plan.ts';
import type { Head } from '../../../src/heads/head.ts';
import { languageModel } from '../../../src/heads/language-model.ts';
import type { Model } from '../../../src/model/spec.ts';
import { nextToken } from '../../../src/objectives/next-token.ts';
import { packSequence } from '../../../src/packing/pack-sequence.ts';
import { readReferenceFolder } from '../../../src/parity/reference-folder.ts';
import { answer, answerJudgement } from '../../../src/tasks/answer.ts';
import { zerosLike } from '../../../src/training/adamw.ts';
import { describeGradients, SMALLEST } from '../../support/network-gradients.ts';
import { relativeDifference } from '../../support/network-step.ts';
import {
  FIXTURE_NAMES,
  fixtureFolder,
  loraDefaults,
  makeModel,
  openFixture,
  type TinyModel,
  type TinyNetwork,
  tinyConfig,
  tinyNetwork,
} from '../../support/tiny-model.ts';

const made: TinyNetwork[] = [];
afterAll(async () => {
  for (const { network } of made) await network.release();
});

/** The base model's own network: adapters as they begin change nothing, but have gradients. */
async function network(tiny: TinyModel, head: Head): Promise<TinyNetwork> {
  const adapted = planLora(tiny.model, loraDefaults);
  const parameters = initialParameters(adapted, head, 1);
  const opened = await tinyNetwork(tiny, { head, adapted, parameters, blocksPerStage: 1 });
  made.push(opened);
  return opened;
}

/** The head's matrix and bias as the checkpoint has them, in float64: log P(next token) of one row of hidden states. */
async function vocabularyOf({ model, weights }: TinyModel): Promise<(hidden: ArrayLike<number>) => number[]> {
  const { languageModel: name, languageModelBias: biasName } = model.heads;
  const { data: matrix } = await weights.get(name);
  const bias = biasName === undefined ? undefined : (await weights.get(biasName)).data;
  const D = model.hiddenSize;
  return (hidden) => {
    const logits = Array.from({ length: model.vocabularySize }, (_, token) => {
      let sum = bias === undefined ? 0 : Number(bias[token]);
      for (let d = 0; d < D; d++) sum += Number(matrix[token * D + d]) * hidden[d]!;
      return sum;
    });
    const largest = logits.reduce((most, z) => Math.max(most, z), Number.NEGATIVE_INFINITY);
    const norm = largest + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - largest), 0));
    return logits.map((z) => z - norm);
  };
}

const questionOf = (safe: number, vulnerable: number, end: number) => ({
  before: [],
  after: [],
  answers: [
    [safe, end],
    [vulnerable, end],
  ] as const,
});

const scoreOf = (logp: readonly number[], safe: number, vulnerable: number) =>
  Math.exp(logp[vulnerable]!) / (Math.exp(logp[vulnerable]!) + Math.exp(logp[safe]!));

const references = await Promise.all(
  FIXTURE_NAMES.map(async (name) => {
    const reference = await readReferenceFolder(fixtureFolder(name));
    return { name, functions: reference.functions, hidden: reference.optional('joined_hidden') };
  }),
);
const joinable = references.filter(({ hidden }) => hidden !== undefined);

test('there are joined references of decoders', () => {
  expect(joinable.length).toBeGreaterThan(10);
});

test.each(joinable)(
  "$name: scores and loss of joined functions are those of PyTorch's joined hidden states",
  async ({ name, functions, hidden }) => {
    const tiny = await openFixture(name);
    const sequence = packSequence(functions, { packing: 'joined' });
    // Beyond its positions this kind of rotary embedding computes otherwise, and Vultune refuses.
    if (sequence.layout.tokenCount > (tiny.model.positionLimit ?? Number.POSITIVE_INFINITY)) return;
    const D = tiny.model.hiddenSize;
    const rowOf = (token: number) => Array.from({ length: D }, (_, d) => Number(hidden![token * D + d]));
    const vocabulary = await vocabularyOf(tiny);
    const [safe, vulnerable] = [3, 7];
    const judgement = answerJudgement(tiny.model, questionOf(safe, vulnerable, 1));
    const { network: judged } = await network(tiny, judgement.head);
    const scores = judgement.scores(await judged.logits(sequence, judgement.head));
    const expected = sequence.layout.flatTokens.map((tokens) =>
      scoreOf(vocabulary(rowOf(tokens.at(-1)!)), safe, vulnerable),
    );
    for (const [b, score] of scores.entries()) expect(score).toBeCloseTo(expected[b]!, 4);

    const objective = nextToken(tiny.model, 3);
    const learnt = await network(tiny, objective.head);
    const examples = functions.map((ids) => ({
      target: { label: 0 as const, next: ids.slice(1), from: 0 },
      weight: 1,
    }));
    const targets = {
      objective,
      feeds: {},
      rows: objective.rows(examples, sequence.layout, 1),
      dropout: undefined,
    };
    const { loss } = await learnt.network.step(
      sequence,
      objective.head,
      targets,
      zerosLike(learnt.parameters),
    );
    let byHand = 0;
    for (const [b, ids] of functions.entries()) {
      const tokens = sequence.layout.flatTokens[b]!;
      for (const [s, next] of ids.slice(1).entries()) byHand -= vocabulary(rowOf(tokens[s]!))[next]!;
    }
    expect(relativeDifference([loss], [byHand])).toBeLessThan(1e-5);
  },
);

describe('code, answer and end of text behind one another', () => {
  const tiny = makeModel(tinyConfig({ num_hidden_layers: 2 }));
  const [safe, vulnerable, end] = [2, 3, 39];
  const question = questionOf(safe, vulnerable, end);
  const rows = [
    { ids: [1, 5, 9, 7], target: 1, weight: 3 },
    { ids: [4], target: 0, weight: 0.5 },
    { ids: [11, 0, 30, 8, 8, 20], target: 1, weight: 1 },
  ] as const;
  /** As the paper writes it: method's code + YES / NO + <EOS>, one after the other; the last end of text has no next token. */
  const text = rows.flatMap(({ ids, target }) => [...ids, ...question.answers[target]]).slice(0, -1);

  async function whole(model: Model) {
    const head = languageModel(model, 'every');
    const { network: plain } = await network(tiny, head);
    const { data } = await plain.logits(packSequence([text]), head); // [N, V]
    const V = model.vocabularySize;
    return (token: number) => {
      const logits = data.subarray(token * V, (token + 1) * V);
      const norm = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0));
      return Array.from(logits, (z) => z - norm);
    };
  }

  const pack = (ids: readonly (readonly number[])[]) =>
    packSequence(ids, { packing: 'joined', separator: question.answers[0].at(-1) });

  test.each(['all', 'answer'] as const)(
    'loss on %s: the tokens and the loss of the one text',
    async (lossOn) => {
      const task = answer(tiny.model, { question, lossOn });
      const examples = rows.map(({ ids, target, weight }) => ({
        ...task.example(ids, { code: '', target } as never),
        weight,
      }));
      const sequence = pack(examples.map(({ ids }) => ids));
      expect([...sequence.ids]).toEqual(text);
      const { objective } = task;
      if (!('rows' in objective)) throw new Error('the answer is learnt row by row');
      const { network: learnt, parameters } = await network(tiny, objective.head);
      const targets = {
        objective,
        feeds: {},
        rows: objective.rows(examples, sequence.layout, 1),
        dropout: undefined,
      };
      const found = await learnt.step(sequence, objective.head, targets, zerosLike(parameters));
      const logp = await whole(tiny.model);
      let [loss, at] = [0, 0];
      for (const { ids, target, weight } of rows) {
        const nexts = [...ids.slice(1), ...question.answers[target]];
        for (const [s, next] of nexts.entries()) {
          if (lossOn === 'all' || s >= ids.length - 1) loss -= weight * logp(at + s)[next]!;
        }
        // The end of text has no loss: what follows it is another function.
        at += nexts.length + 1;
      }
      expect(relativeDifference([found.loss], [loss])).toBeLessThan(1e-5);
    },
  );

  test("a function's score behind others is P(YES) / (P(YES) + P(NO)) at its last token in the one text", async () => {
    const judgement = answerJudgement(tiny.model, question);
    const { network: judged } = await network(tiny, judgement.head);
    const logp = await whole(tiny.model);
    // Those before it with their answers; it itself without, which is what is asked.
    const asked = rows.map(({ ids, target }, i) =>
      i === rows.length - 1 ? ids : [...ids, question.answers[target][0]],
    );
    const score = judgement.scores(await judged.logits(pack(asked), judgement.head)).at(-1)!;
    const last = text.length - 2;
    expect(score).toBeCloseTo(scoreOf(logp(last), safe, vulnerable), 5);
    const alone = judgement.scores(await judged.logits(packSequence([rows[2].ids]), judgement.head))[0]!;
    expect(Math.abs(alone - score)).toBeGreaterThan(1e-4);
  });
});

describeGradients({
  'next token, functions joined behind a separator, a chunk of 3 rows, dropout': {
    network: { head: languageModel(SMALLEST.model, 'every'), blocksPerStage: 1, lora: { rank: 1 } },
    step: {
      packing: 'joined',
      separator: 9,
      nextToken: { objective: nextToken(SMALLEST.model, 3), on: 'all' },
      dropout: 0.3,
    },
    tolerance: 1e-4,
  },
});
