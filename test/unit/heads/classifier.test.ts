/** @file What a classifier's head is made of, family by family, and what is refused before anything is read. */
import { describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../../src/checkpoint/checkpoint.ts';
import { checkHeadWeights } from '../../../src/heads/check-head-weights.ts';
import { classifier, resolvePooling } from '../../../src/heads/classifier.ts';
import type { Head } from '../../../src/heads/head.ts';
import { languageModel } from '../../../src/heads/language-model.ts';
import { maskedLanguageModel } from '../../../src/heads/masked-language-model.ts';
import { readModel } from '../../../src/model/families/registry.ts';
import type { Pooling } from '../../../src/model/spec.ts';
import { ENCODER_CONFIGS, ENCODER_NAMES, type EncoderName, tinyConfig } from '../../support/tiny-model.ts';

const encoder = (name: EncoderName, changed: object = {}) =>
  readModel({ ...ENCODER_CONFIGS[name], ...changed }, 'config.json');
const decoder = readModel(tinyConfig(), 'config.json');
const head = (name: EncoderName, pooling: Pooling) => classifier(encoder(name), { classes: 2, pooling });

const trained = ({ parameters }: Head) =>
  parameters.flatMap(({ name, first }) => (first === undefined ? [] : [name]));
const ofBase = ({ parameters, matrices = [] }: Head) => [
  ...matrices.map(({ name }) => name),
  ...parameters.flatMap(({ name, first }) => (first === undefined ? [name] : [])),
];

/** All of the module: PEFT restores it whole. */
const ROBERTA = [
  'classifier.dense.weight',
  'classifier.dense.bias',
  'classifier.out_proj.weight',
  'classifier.out_proj.bias',
];

describe('what is trained, and what is the base model’s own', () => {
  test.each<[EncoderName, Pooling, readonly string[], readonly string[]]>([
    ['bert', 'first', ['classifier.weight', 'classifier.bias'], ['bert.pooler.dense']],
    ['bert', 'mean', ['classifier.weight', 'classifier.bias'], []],
    ['roberta', 'first', ROBERTA, []],
    ['roberta', 'mean', ROBERTA, []],
    ['modernbert', 'first', ['classifier.weight', 'classifier.bias'], ['head.dense', 'head.norm.weight']],
    ['modernbert', 'mean', ['classifier.weight', 'classifier.bias'], ['head.dense', 'head.norm.weight']],
  ])('%s, %s', (name, pooling, own, base) => {
    expect(trained(head(name, pooling))).toEqual(own);
    expect(ofBase(head(name, pooling))).toEqual(base);
  });

  test('a decoder’s is one matrix', () => {
    const last = classifier(decoder, { classes: 2, pooling: 'last' });
    expect([trained(last), ofBase(last)]).toEqual([['score.weight'], []]);
  });
});

describe('pooling', () => {
  test('left out, it is the family’s own', () => {
    const own = [decoder, ...ENCODER_NAMES.map((name) => encoder(name))].map((model) =>
      resolvePooling(model, undefined),
    );
    expect(own).toEqual(['last', 'first', 'first', 'first']);
    const asConfigured = encoder('modernbert', { classifier_pooling: 'mean' });
    expect(resolvePooling(asConfigured, undefined)).toBe('mean');
    expect(resolvePooling(asConfigured, 'first')).toBe('first');
  });

  test.each<[string, Parameters<typeof resolvePooling>[0], Pooling]>([
    ['the first token of a decoder', decoder, 'first'],
    ['the last token of an encoder', encoder('bert'), 'last'],
  ])('%s is refused, with a hint', (_what, model, pooling) => {
    const refusal = expect.objectContaining({ code: 'POOLING_UNSUPPORTED', where: { name: 'pooling' } });
    expect(() => resolvePooling(model, pooling)).toThrow(refusal);
    expect(() => classifier(model, { classes: 2, pooling })).toThrow(refusal);
  });
});

describe('what a head reads of a checkpoint', () => {
  const checkpoint = (shapes: Readonly<Record<string, readonly number[]>>) => {
    const tensors = Object.entries(shapes).map(([name, shape]) => [name, { shape }] as const);
    return { path: 'model', tensors: new Map(tensors) } as never as Checkpoint;
  };
  const pooler = { 'bert.pooler.dense.weight': [16, 16], 'bert.pooler.dense.bias': [16] };

  test('is there', () => {
    expect(() => checkHeadWeights(checkpoint(pooler), head('bert', 'first'))).not.toThrow();
  });

  test('BERT saved without its pooler cannot pool the first token, but the mean', () => {
    expect(() => checkHeadWeights(checkpoint({}), head('bert', 'first'))).toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_TENSOR_MISSING',
        hint: expect.stringContaining('pooling: mean'),
      }),
    );
    expect(() => checkHeadWeights(checkpoint({}), head('bert', 'mean'))).not.toThrow();
  });

  test('has its shape', () => {
    const other = checkpoint({ ...pooler, 'bert.pooler.dense.bias': [17] });
    expect(() => checkHeadWeights(other, head('bert', 'first'))).toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_TENSOR_SHAPE',
        where: { file: 'model', name: 'bert.pooler.dense.bias' },
      }),
    );
  });
});

describe('the vocabulary', () => {
  test('an encoder predicts no next token', () => {
    expect(() => languageModel(encoder('roberta'), 'every')).toThrow(
      expect.objectContaining({ code: 'NEXT_TOKEN_UNSUPPORTED' }),
    );
  });

  test('a decoder fills in no masked token', () => {
    expect(() => maskedLanguageModel(decoder)).toThrow('masked');
  });
});
