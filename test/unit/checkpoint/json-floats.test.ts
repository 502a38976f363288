/** Whole numbers written as floats stay floats: Transformers checks the types of fields. */
import { expect, test } from 'vitest';
import { floatFields, formatJson } from '../../../src/checkpoint/json-floats.ts';

test('what was 2.0 is 2.0 again, and what was 2 is 2', () => {
  const text =
    '{"cutoff": 2.0, "layers": 2, "rate": 1e-05, "big": 1e3, "deep": {"theta": 10000.0}, "none": null}';
  const floats = floatFields(text);
  expect([...floats].toSorted()).toEqual(['big', 'cutoff', 'theta']);
  const again = formatJson(JSON.parse(text), floats);
  expect(again.replaceAll(/\s+/g, ' ')).toBe(
    '{ "cutoff": 2.0, "layers": 2, "rate": 0.00001, "big": 1000.0, "deep": { "theta": 10000.0 }, "none": null } ',
  );
});

test('a text that speaks of a field is none', () => {
  expect(floatFields(JSON.stringify({ note: '"cutoff": 2.0' })).size).toBe(0);
});

test('no text takes long', () => {
  expect(floatFields(`${'"'.repeat(100_000)}${' '.repeat(100_000)}`).size).toBe(0);
});
