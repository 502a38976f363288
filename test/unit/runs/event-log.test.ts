import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EventLog, readEvents } from '../../../src/runs/event-log.ts';
import type { NewEvent, RunEvent } from '../../../src/runs/events.ts';
import { withoutLostSteps } from '../../../src/runs/events.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-events-'));
  path = join(folder, 'events.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function step(number: number, lossNats = 0.5): NewEvent & RunEvent {
  return {
    type: 'step',
    timestampMs: number,
    step: number,
    epoch: number / 10,
    lossNats,
    learningRate: 1e-4,
    gradientNorm: 1,
    functions: 16,
    tokens: 900,
    paddingTokens: 0,
    durationMs: 10,
    memoryBytes: 1,
  };
}
const evaluation = (number: number, f1 = 0.5): RunEvent => ({
  type: 'evaluation',
  timestampMs: 0,
  step: number,
  epoch: number / 10,
  split: 'valid',
  functions: 4,
  metrics: { f1 },
  isBest: true,
  durationMs: 1,
});
const checkpoint = (number: number): RunEvent => ({
  type: 'checkpoint',
  timestampMs: 0,
  step: number,
  epoch: number / 10,
  path: `checkpoints/step-${number}`,
  durationMs: 1,
});
const resumed = (number: number): RunEvent => ({
  type: 'resumed',
  timestampMs: 0,
  step: number,
  checkpoint: `checkpoints/step-${number}`,
  pid: 1,
});

function write(...steps: number[]): void {
  const log = new EventLog(path, () => 7);
  for (const number of steps) log.append({ ...step(number), timestampMs: undefined } as unknown as NewEvent);
  log.close();
}

describe('the log', () => {
  test('what was appended is read back, with the time, over two openings', () => {
    const log = new EventLog(path, () => 1234);
    const { timestampMs: _, ...event } = step(1);
    log.append(event);
    log.close();
    const again = new EventLog(path, () => 1235);
    again.append({ type: 'interrupted', step: 1, checkpoint: 'checkpoints/step-1' });
    again.close();
    expect(readEvents(path)).toEqual([
      { ...event, timestampMs: 1234 },
      { type: 'interrupted', step: 1, checkpoint: 'checkpoints/step-1', timestampMs: 1235 },
    ]);
  });

  test('a log that is not there has no events', () => {
    expect(readEvents(path)).toEqual([]);
  });

  test('killed at any byte: whole lines stay, and the log goes on after them', () => {
    const lines = [1, 2, 3].map((number) => `${JSON.stringify(step(number))}\n`);
    const whole = Buffer.from(lines.join(''));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length }), (bytes) => {
        writeFileSync(path, whole);
        truncateSync(path, bytes);
        const survived = whole.subarray(0, bytes).filter((byte) => byte === 0x0a).length;
        expect(readEvents(path)).toHaveLength(survived);
        const log = new EventLog(path);
        log.append(step(9));
        log.close();
        expect(readEvents(path).map((event) => 'step' in event && event.step)).toEqual([
          ...[1, 2, 3].slice(0, survived),
          9,
        ]);
      }),
      { numRuns: 60 },
    );
  });

  test('a torn line longer than one read is cut off', () => {
    write();
    appendFileSync(path, `${JSON.stringify(step(1))}\n${'x'.repeat(200_000)}`);
    const log = new EventLog(path);
    log.close();
    expect(readFileSync(path, 'utf8')).toBe(`${JSON.stringify(step(1))}\n`);
  });

  test('a broken line in the middle is an error with its line', () => {
    writeFileSync(path, `${JSON.stringify(step(1))}\n{"type":"st\n${JSON.stringify(step(2))}\n`);
    expect(() => readEvents(path)).toThrow(
      expect.objectContaining({ code: 'RUN_EVENTS_BROKEN', where: { file: path, line: 2 } }),
    );
  });

  test.each([
    ['a list', '[]'],
    ['no event at all', 'null'],
    ['a type that is a number', '{"type": 7, "timestampMs": 1}'],
    ['a text for the step', JSON.stringify({ ...step(1), step: '1' })],
    ['a step below 0', JSON.stringify({ ...step(1), step: -1 })],
    ['no time', JSON.stringify({ ...step(1), timestampMs: undefined })],
    ['metrics that are a list', JSON.stringify({ ...evaluation(1), metrics: ['f1'] })],
  ])('%s on a line is an error with its line', (_what, line) => {
    writeFileSync(path, `${JSON.stringify(step(1))}\n${line}\n`);
    expect(() => readEvents(path)).toThrow(
      expect.objectContaining({ code: 'RUN_EVENTS_BROKEN', where: expect.objectContaining({ line: 2 }) }),
    );
  });

  test('a type that a later version adds is let through', () => {
    writeFileSync(path, '{"type":"party","timestampMs":1}\n');
    expect(readEvents(path)).toEqual([{ type: 'party', timestampMs: 1 }]);
  });

  test('fields and metrics that a later version adds are let through', () => {
    writeFileSync(path, `${JSON.stringify({ ...step(1), energyJoules: 3 })}\n`);
    expect(readEvents(path)).toEqual([{ ...step(1), energyJoules: 3 }]);
  });

  test('a number that JSON cannot hold is a bug of ours, and leaves no line', () => {
    const log = new EventLog(path);
    expect(() => log.append(step(1, Number.NaN))).toThrow(/lossNats is NaN/);
    log.close();
    expect(readEvents(path)).toEqual([]);
  });
});

describe('a resumed run', () => {
  const steps = (events: readonly RunEvent[]) =>
    events.flatMap((event) => (event.type === 'step' ? [event.step] : []));

  test('steps after the checkpoint were lost and count once', () => {
    const events = [step(1), step(2), checkpoint(2), step(3), step(4), resumed(2), step(3), step(4), step(5)];
    expect(steps(withoutLostSteps(events))).toEqual([1, 2, 3, 4, 5]);
  });

  test('resumed from an older checkpoint, later ones are lost too; then killed again', () => {
    const events = [
      step(1),
      checkpoint(1),
      step(2),
      checkpoint(2),
      resumed(1),
      step(2),
      step(3),
      resumed(1),
      step(2),
    ];
    expect(steps(withoutLostSteps(events))).toEqual([1, 2]);
    expect(withoutLostSteps(events).filter(({ type }) => type === 'checkpoint')).toEqual([checkpoint(1)]);
    expect(withoutLostSteps(events).filter(({ type }) => type === 'resumed')).toHaveLength(2);
  });

  test('an evaluation that was done again at the step of the checkpoint counts once', () => {
    const events = [step(1), step(2), checkpoint(2), evaluation(2), resumed(2), evaluation(2, 0.75), step(3)];
    expect(withoutLostSteps(events)).toEqual([
      step(1),
      step(2),
      checkpoint(2),
      resumed(2),
      evaluation(2, 0.75),
      step(3),
    ]);
  });
});
