/** @file Values from outside against a schema: the error names the field, what was found and what was expected. */
import { expect, test } from 'vitest';
import { VultuneError } from '../../../src/base/errors.ts';
import { checkJson, checkValue, jsonOrUndefined } from '../../../src/schema/check-value.ts';
import { z } from '../../../src/schema/zod.ts';

const schema = z.object({ step: z.int().min(0), names: z.array(z.string()) });
const options = { code: 'TEST_BROKEN', file: 'state.json', hint: 'start again' };

function errorOf(action: () => unknown): VultuneError {
  try {
    action();
  } catch (error) {
    return error as VultuneError;
  }
  throw new Error('nothing was thrown');
}

test('a value that fits is returned without unknown fields', () => {
  expect(checkValue(schema, { step: 1, names: ['a'], extra: 1 }, options)).toEqual({ step: 1, names: ['a'] });
});

test('a wrong field is named with what was found and expected', () => {
  const error = errorOf(() => checkJson(schema, '{"step": -5, "names": []}', { ...options, line: 3 }));
  expect(error).toBeInstanceOf(VultuneError);
  expect(error.message).toBe('"step" is the number -5, expected an integer >= 0');
  expect(error).toMatchObject({ code: 'TEST_BROKEN', hint: 'start again' });
  expect(error.where).toEqual({ file: 'state.json', line: 3, name: 'step' });
});

test('a wrong element of a list is named by its index', () => {
  const error = errorOf(() => checkValue(schema, { step: 1, names: ['a', 2] }, options));
  expect(error.where?.name).toBe('names.1');
});

test('a map of any names is expected as one, and its values as what they are', () => {
  const record = z.object({ scores: z.record(z.string(), z.number()) });
  const messageOf = (scores: unknown) => errorOf(() => checkValue(record, { scores }, options)).message;
  expect(messageOf(3)).toBe('"scores" is the number 3, expected a map of names to values');
  expect(messageOf({ f1: 'good' })).toBe('"scores.f1" is the string "good", expected a number');
});

test('text that is not JSON has the same code', () => {
  expect(errorOf(() => checkJson(schema, '{"step":', options)).code).toBe('TEST_BROKEN');
});

test('a field named __proto__ is not taken for a field of the schema', () => {
  const error = errorOf(() => checkJson(schema, '{"__proto__": {"step": 1, "names": []}}', options));
  expect(error.where?.name).toBe('step');
});

test('jsonOrUndefined gives undefined for broken text and for values that do not fit', () => {
  expect(['{', 'null', '{"step":1}', '5'].map((text) => jsonOrUndefined(schema, text))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(jsonOrUndefined(schema, '{"step":1,"names":[]}')).toEqual({ step: 1, names: [] });
});
