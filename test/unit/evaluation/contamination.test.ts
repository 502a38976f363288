/** @file Test functions that were trained on: found the same and nearly, through a file, and nothing else found. */
import { describe, expect, test } from 'vitest';
import {
  compareFingerprints,
  findContamination,
  fingerprintInTurns,
  fingerprintTraining,
  formatFingerprints,
  parseFingerprints,
} from '../../../src/evaluation/contamination.ts';

const words = (from: number) =>
  Array.from({ length: 60 }, (_, i) => `v${from + i} = w${(from + i) % 13};`).join('\n');
const fn = (body: string) => ({ code: `function f(a) {\n${body}\n}`, language: 'javascript' });

const TRAIN = [fn(words(0)), fn(words(1000)), fn(words(2000))];
const TEST = [
  fn(words(5000)),
  // Another layout and a comment: the same body.
  { ...TRAIN[1]!, code: `// seen\n${TRAIN[1]!.code.replaceAll('\n', '\n   ')}` },
  // One of sixty lines changed.
  fn(words(2000).replace('v2030 = w2;', 'v2030 = other;')),
  fn(`${words(2000).slice(0, 300)}\n${words(7000)}`),
];

describe('contamination', () => {
  test('the same, nearly the same, and no others', () => {
    expect(findContamination(TEST, fingerprintTraining(TRAIN))).toEqual({
      exact: [1],
      near: [2],
      trainingFunctions: 3,
    });
    expect(findContamination(TEST, fingerprintTraining([]))).toEqual({
      exact: [],
      near: [],
      trainingFunctions: 0,
    });
  });

  test('through bytes, 144 a function', () => {
    const bytes = formatFingerprints(fingerprintTraining(TRAIN));
    expect(bytes.length).toBe(12 + 3 * 144 + 32);
    const read = parseFingerprints(bytes, 'f.bin');
    expect(findContamination(TEST, read)).toMatchObject({ exact: [1], near: [2] });
    const older = bytes.slice(0, -32);
    older[4] = 1;
    expect(parseFingerprints(older, 'f.bin')).toEqual(read);
  });

  test('a file that is cut short or something else is refused', () => {
    const bytes = formatFingerprints(fingerprintTraining(TRAIN));
    expect(() => parseFingerprints(bytes.subarray(0, 100), 'f.bin')).toThrow(/100 bytes, expected 476/);
    expect(() =>
      parseFingerprints(
        bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
        'f.bin',
      ),
    ).toThrow(/do not match their checksum/);
    expect(() => parseFingerprints(new Uint8Array(50), 'f.bin')).toThrow(/of another format/);
    expect(() => parseFingerprints(new Uint8Array(0), 'f.bin')).toThrow(/0 bytes/);
  });
});

test('in turns: the same fingerprints, progress, and an ear for Ctrl-C', async () => {
  const records = Array.from({ length: 1200 }, (_, i) => ({ code: `int f${i}(int a) { return a + ${i}; }` }));
  const stop = new AbortController();
  const told: number[] = [];
  const inTurns = await fingerprintInTurns(records, {
    signal: stop.signal,
    onProgress: (done) => told.push(done),
  });
  expect(inTurns).toEqual(fingerprintTraining(records));
  expect(told).toEqual([499, 999]);
  expect(compareFingerprints(inTurns, inTurns).exact).toHaveLength(1200);
  const aborting = fingerprintInTurns(records, { signal: stop.signal, onProgress: () => stop.abort() });
  await expect(aborting).rejects.toThrow('abort');
});
