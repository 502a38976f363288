import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAdapterHeader } from '../../../src/adapters/files/adapter-files.ts';
import { explainLines, linesOf } from '../../../src/explain/line-scores.ts';
import { Detector } from '../../../src/judging/detector.ts';
import type { ExplainingJudge } from '../../../src/judging/judge.ts';
import { openModel } from '../../../src/network/open-model.ts';
import { writeTinyRun } from '../../support/tiny-adapter.ts';
import { tinyBackend } from '../../support/tiny-model.ts';

let folder: string;
let detector: Detector;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-lines-'));
  detector = await openTiny();
});
afterAll(async () => {
  await detector.close();
  rmSync(folder, { recursive: true });
});

async function openTiny(): Promise<Detector> {
  const run = await writeTinyRun(folder);
  const model = await openModel(join(folder, 'base'));
  return await Detector.open(model, readAdapterHeader(join(run, 'adapter')), {
    backend: await tinyBackend(),
  });
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);
/** What occlusion asks for. */
async function margin(code: string): Promise<number> {
  const { logits } = await detector.judge([code]);
  return logits[1]! - logits[0]!;
}

describe('gradient', () => {
  test("a function's lines sum to what its tokens say for it, whatever its lines are", async () => {
    const code = fc
      .array(fc.constantFrom('a', ' b(1);', '', '\t{', 'x'), { minLength: 1, maxLength: 6 })
      .chain((lines) => fc.constantFrom('\n', '\r\n').map((end) => lines.join(end)));
    await fc.assert(
      fc.asyncProperty(code, async (text) => {
        const [tokens] = await detector.relevance([text]);
        const [lines] = await explainLines(detector, [text], 'gradient');
        expect(lines!.scores).toHaveLength(linesOf(text).length);
        const ofTokens = Array.from(tokens!.relevance, (value, i) =>
          tokens!.lines[i]! >= 0 ? Math.max(0, value) : 0,
        );
        expect(sum(lines!.scores)).toBeCloseTo(sum(ofTokens), 5);
      }),
      { numRuns: 15 },
    );
  });

  test('the same alone and beside others; says what was read', async () => {
    const codes = ['f(a)\ng(b)\n', 'x', `${'y'.repeat(60)}\nzz1234\nnever read`];
    const together = await explainLines(detector, codes, 'gradient');
    const [alone] = await explainLines(detector, [codes[0]!], 'gradient');
    for (const [line, score] of alone!.scores.entries()) {
      expect(together[0]!.scores[line]).toBeCloseTo(score, 5);
    }
    expect(together[0]!.scores[0]).not.toBe(0);
    // 64 tokens: the first line, its break, and three characters of the second.
    expect(together[2]!.read).toEqual([true, true, false]);
    expect(together[2]!.scores[2]).toBe(0);
  });
});

describe('occlusion', () => {
  test('is the fall of the margin when a line is left empty', async () => {
    const code = 'f(a)\n\n  g(b);\r\nh';
    const [{ scores, read }] = (await explainLines(detector, [code], 'occlusion')) as [
      { scores: Float64Array; read: boolean[] },
    ];
    expect(scores[1]).toBe(0);
    expect(read[2]).toBe(true);
    expect(scores[0]).toBeCloseTo((await margin(code)) - (await margin('\n\n  g(b);\r\nh')), 5);
    expect(scores[2]).toBeCloseTo((await margin(code)) - (await margin('f(a)\n\n\r\nh')), 5);
  });

  test('a line taken out lets no line in that was not read', async () => {
    const read = `${'y'.repeat(30)}\n${'z'.repeat(40)}`;
    const [cut] = await explainLines(detector, [`${read}\nafter`], 'occlusion');
    const [whole] = await explainLines(detector, [read], 'occlusion');
    expect(cut!.scores[0]).toBeCloseTo(whole!.scores[0]!, 5);
    expect(cut!.scores[2]).toBe(0);
  });
});

/** Its margin is the sum of a weight, none of them negative, of each character; a character is a token. */
const linear: ExplainingJudge = {
  judge: async (codes) => {
    const logOdds = Float64Array.from(codes, (code) => sum(weights(code)));
    return { logOdds, scores: new Float64Array(codes.length), truncated: codes.map(() => false) };
  },
  relevance: async (codes) =>
    codes.map((code) => ({
      lines: linear.tokenLines(code),
      relevance: Float32Array.from(weights(code)),
    })),
  tokenLines: (code) => Int32Array.from(Array.from(code), (_, i) => code.slice(0, i).split('\n').length - 1),
};
const weights = (code: string) =>
  Array.from(code, (char) => ('\n ab'.includes(char) ? 0 : char.codePointAt(0)! % 7));

test('where every token counts for itself both methods say the same', async () => {
  const code = fc.array(fc.stringMatching(/^[a-z ]{0,8}$/), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(code, async (lines) => {
      const text = lines.join('\n');
      const [gradient] = await explainLines(linear, [text], 'gradient');
      const [occlusion] = await explainLines(linear, [text], 'occlusion');
      expect(occlusion!.scores).toEqual(gradient!.scores);
      expect([...gradient!.scores]).toEqual(lines.map((line) => sum(weights(line))));
    }),
  );
});
