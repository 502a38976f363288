/** @file The time a training still takes, as numbers and on its live line. */
import { beforeEach, describe, expect, test } from 'vitest';
import { terminalReporter } from '../../../src/cli/display/terminal-reporter.ts';
import { TrainingProgress } from '../../../src/workflows/train/progress.ts';
import {
  isValidationDue,
  trainingTimeLeftMs,
  validationsAfter,
} from '../../../src/workflows/train/time-left.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';

describe('trainingTimeLeftMs', () => {
  const pace = { stepsLeft: 10, msPerStep: 100, validationsLeft: 2, msPerValidation: 5000 };

  test('steps and the validations to come', () => expect(trainingTimeLeftMs(pace)).toBe(11_000));

  test('before a validation was timed only the steps are known', () =>
    expect(trainingTimeLeftMs({ ...pace, msPerValidation: undefined })).toBe(1000));

  test('in a validation: the rest of it at its own speed, then what comes later', () =>
    expect(trainingTimeLeftMs({ ...pace, validation: { done: 20, total: 80, elapsedMs: 1000 } })).toBe(
      3000 + 1000 + 10_000,
    ));

  test('in the first validation its own speed also tells of the later ones', () =>
    expect(
      trainingTimeLeftMs({
        ...pace,
        msPerValidation: undefined,
        validation: { done: 20, total: 80, elapsedMs: 1000 },
      }),
    ).toBe(3000 + 1000 + 2 * 4000));

  test('in the last validation nothing but the rest of it', () => {
    const last = { stepsLeft: 0, msPerStep: undefined, validationsLeft: 0, msPerValidation: 5000 };
    expect(trainingTimeLeftMs({ ...last, validation: { done: 0, total: 80, elapsedMs: 1000 } })).toBe(4000);
    expect(trainingTimeLeftMs({ ...last, validation: { done: 80, total: 80, elapsedMs: 9000 } })).toBe(0);
  });

  test('nothing is said of what was never timed', () => {
    expect(trainingTimeLeftMs({ ...pace, msPerStep: undefined })).toBeUndefined();
    expect(
      trainingTimeLeftMs({
        ...pace,
        msPerValidation: undefined,
        validation: { done: 0, total: 80, elapsedMs: 1000 },
      }),
    ).toBeUndefined();
  });
});

test('a validation that is due counts; when it is all that is left and was never timed, nothing is said', () => {
  const due = { stepsLeft: 10, msPerStep: 100, validationsLeft: 1, isValidationDue: true };
  expect(trainingTimeLeftMs({ ...due, msPerValidation: 5000 })).toBe(11_000);
  expect(trainingTimeLeftMs({ ...due, msPerValidation: undefined })).toBe(1000);
  const last = { ...due, stepsLeft: 0, validationsLeft: 0 };
  expect(trainingTimeLeftMs({ ...last, msPerValidation: undefined })).toBeUndefined();
  expect(trainingTimeLeftMs({ ...last, isValidationDue: false, msPerValidation: undefined })).toBe(0);
});

test.each<[number, number, number | 'epoch' | undefined, boolean]>([
  [10, 1, 'epoch', true],
  [10, 0.999_999_999, 'epoch', true],
  [9, 0.9, 'epoch', false],
  [30, 2.7, 'epoch', true],
  [20, 1.5, 10, true],
  [21, 1.5, 10, false],
  [30, 3, undefined, false],
  [0, 0, 'epoch', false],
])('after step %d, epoch %d, every %s: due %s', (step, epoch, every, isDue) =>
  expect(isValidationDue({ step, totalSteps: 30, epoch }, every)).toBe(isDue),
);

describe('validationsAfter', () => {
  test.each<[number, number, number, number | 'epoch' | undefined, number]>([
    // step, total, epoch, every, left
    [0, 30, 0, undefined, 0],
    [5, 30, 0.5, 10, 3],
    [10, 30, 1, 10, 2],
    [29, 35, 2.5, 10, 2],
    [35, 35, 3, 10, 0],
    [5, 30, 0.5, 'epoch', 3],
    [10, 30, 1, 'epoch', 2],
    [10, 30, 0.999_999_999, 'epoch', 2],
    [29, 30, 2.9, 'epoch', 1],
    [1, 4, 0.1, 'epoch', 1],
    [30, 30, 3, 'epoch', 0],
  ])('step %d of %d, epoch %d, every %s: %d', (step, totalSteps, epoch, every, left) =>
    expect(validationsAfter({ step, totalSteps, epoch }, every)).toBe(left),
  );
});

describe('the display', () => {
  let nowMs = 0;
  beforeEach(() => {
    nowMs = 0;
  });

  function displayAfterTenSteps(totalSteps: number, epochs: number) {
    const terminal = fakeTerminal();
    const run = { totalSteps, step: 0, epochs, evaluateEvery: 'epoch', metric: 'roc_auc' } as const;
    const display = new TrainingProgress(
      terminalReporter(terminal, () => nowMs),
      run,
      () => nowMs,
    );
    for (let step = 1; step <= 10; step++) {
      nowMs += 1000;
      display.show({
        type: 'step',
        step,
        epoch: step / 10,
        lossNats: 0.5,
        learningRate: 1e-3,
        gradientNorm: 1,
        functions: 4,
        tokens: 400,
        paddingTokens: 100,
        durationMs: 1000,
        memoryBytes: 1e9,
      });
    }
    return { display, lastLine: () => terminal.text().trimEnd().split('\n').at(-1) };
  }

  test('while validating: its speed, no training figures, and the time of all that is left', () => {
    const { display, lastLine } = displayAfterTenSteps(20, 2);
    display.evaluating(0, 40);
    nowMs += 10_000;
    display.evaluating(20, 40);
    // 10 s of this validation, 10 steps of 1 s, one more validation of 20 s.
    expect(lastLine()).toBe('training 50%  validation 20/40  10/20  2.0 fn/s  1.0 GB  ETA 40s');
  });

  test('after the last step, before the first validation, no time is made up', () => {
    const { lastLine } = displayAfterTenSteps(10, 1);
    expect(lastLine()).toMatch(/^training 100% .* 10\/10 .* 1\.0 GB$/);
  });
});
