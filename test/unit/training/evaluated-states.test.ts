import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { type HostTensor, hostTensor } from '../../../src/tensor/host-tensor.ts';
import { evaluatedFiles, readEvaluated, removeEvaluated } from '../../../src/training/evaluated-states.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-evaluated-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const like = new Map([['k', hostTensor('float32', [2], new Float32Array(2))]]);
const write = async (step: number, values: readonly number[], scores: readonly number[]) =>
  await writeSafetensors(
    join(folder, `evaluated-${String(step).padStart(8, '0')}.safetensors`),
    new Map<string, HostTensor>([
      ['parameter/k', hostTensor('float32', [values.length], Float32Array.from(values))],
      ['valid_scores', hostTensor('float64', [scores.length], Float64Array.from(scores))],
    ]),
  );

test('are read in the order of their steps, and removed; other files are left', async () => {
  await write(12, [1, 2], [0.1, 0.9]);
  await write(5, [3, 4], [0.5, 0.5]);
  writeFileSync(join(folder, 'last.safetensors'), '');
  const files = evaluatedFiles(folder);
  expect(files.map(({ step }) => step)).toEqual([5, 12]);
  const { parameters, validScores } = await readEvaluated(files[1]!, like, 2);
  expect([...parameters.get('k')!.data]).toEqual([1, 2]);
  expect([...validScores]).toEqual([0.1, 0.9]);
  removeEvaluated(folder);
  expect(evaluatedFiles(folder)).toEqual([]);
  expect(evaluatedFiles(join(folder, 'absent'))).toEqual([]);
});

test.each([
  ['of other parameters', [1, 2, 3], [0.1, 0.9]],
  ['of other functions', [1, 2], [0.1]],
  ['with a score that is not a probability', [1, 2], [0.1, 1.5]],
])('one %s is refused', async (_, values, scores) => {
  await write(1, values, scores);
  await expect(readEvaluated(evaluatedFiles(folder)[0]!, like, 2)).rejects.toMatchObject({
    code: 'RUN_CHECKPOINT_OTHER',
  });
});
