/**
 * @file Which lines made a function's score. Two answers: the gradient's, quick, and that of taking each line out, slow
 * and the reference for the first. Knows a detector; nothing of files or pages.
 */
import type { Detector, JudgeOptions } from '../detector/detector.ts';

export const LINE_METHODS = ['gradient', 'occlusion'] as const;
export type LineMethod = (typeof LINE_METHODS)[number];

/** Lines of a text, whatever ends them. */
export function linesOf(code: string): string[] {
  return code.split(/\r\n|\n|\r/);
}

/**
 * [functions][lines] how much each line says for "vulnerable", in units of the logits' margin; 0 for lines that were not
 * read. `gradient`: sum of gradient x input over the line's tokens. `occlusion`: how far the margin falls when the line
 * is left empty.
 */
export function lineScores(
  detector: Detector,
  codes: readonly string[],
  method: LineMethod,
  options: JudgeOptions = {},
): Promise<Float64Array[]> {
  return method === 'gradient' ? byGradient(detector, codes, options) : byOcclusion(detector, codes, options);
}

async function byGradient(
  detector: Detector,
  codes: readonly string[],
  options: JudgeOptions,
): Promise<Float64Array[]> {
  const found = await detector.relevance(codes, options);
  return codes.map((code, i) => {
    const scores = new Float64Array(linesOf(code).length);
    const { lines, relevance } = found[i]!;
    // A lone carriage return ends a line here, but is no line break to the tokens: the last line takes the rest.
    lines.forEach((line, token) => {
      if (line >= 0) scores[Math.min(line, scores.length - 1)]! += relevance[token]!;
    });
    return scores;
  });
}

async function byOcclusion(
  detector: Detector,
  codes: readonly string[],
  options: JudgeOptions,
): Promise<Float64Array[]> {
  const out: Float64Array[] = [];
  const done = { functions: 0, tokens: 0 };
  for (const code of codes) {
    const lines = linesOf(code);
    const written = [...lines.keys()].filter((line) => lines[line]!.trim() !== '');
    const without = written.map((left) => lines.map((text, line) => (line === left ? '' : text)).join('\n'));
    const { logits } = await detector.judge([code, ...without], { signal: options.signal });
    const margin = (row: number) => logits[2 * row + 1]! - logits[2 * row]!;
    const scores = new Float64Array(lines.length);
    for (const [i, line] of written.entries()) scores[line] = margin(0) - margin(i + 1);
    out.push(scores);
    done.functions++;
    options.onProgress?.(done);
  }
  return out;
}
