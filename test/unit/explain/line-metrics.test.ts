import { describe, expect, test } from 'vitest';
import { lineMeasures, longestLineScores, randomLineScores } from '../../../src/explain/line-metrics.ts';

const functions = [
  { code: 'a\n\nbbb\ncc', changed: [3] },
  { code: 'one\ntwo\nthree\nfour\nfive\nsix', changed: [6, 5] },
  { code: 'nothing known', changed: [] },
];

describe('measures of lines', () => {
  test('rank of the first changed line, blank lines left out, ties in order', () => {
    const measures = lineMeasures(functions, [[1, 9, 5, 0], [0, 0, 0, 0, 0, 0], [1]]);
    // Ranks 0 and 4.
    expect(measures).toEqual({ functions: 2, top1: 0.5, top5: 1, top10: 1, initialFalseAlarm: 2 });
  });

  test('a changed line that is blank is never found: the function does not count', () => {
    const measures = lineMeasures(
      [{ code: 'a\n\nb', changed: [2] }, functions[0]!],
      [
        [1, 1, 1],
        [0, 0, 1, 0],
      ],
    );
    expect(measures.functions).toBe(1);
  });

  test('longest line, and a random order that the seed decides', () => {
    expect(longestLineScores(functions)[0]).toEqual(Float64Array.of(1, 0, 3, 2));
    expect(lineMeasures(functions, longestLineScores(functions)).top1).toBe(0.5);
    expect(randomLineScores(functions, 1)).toEqual(randomLineScores(functions, 1));
    expect(randomLineScores(functions, 1)).not.toEqual(randomLineScores(functions, 2));
    expect([...randomLineScores(functions, 1)[1]!].toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
