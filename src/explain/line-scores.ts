/**
 * @file Which lines made a function's score. Two answers: the gradient's, quick, and that of taking each line out, slow
 * and the reference for the first. Knows a judge; nothing of files or pages.
 */
import type { ExplainableJudgements, ExplainingJudge, JudgeOptions } from '../judging/judge.ts';

export const LINE_METHODS = ['gradient', 'occlusion'] as const;
export type LineMethod = (typeof LINE_METHODS)[number];

export interface LineExplanation {
  /**
   * [lines] how much each says for "vulnerable", in units of the logits' margin; 0 for lines that were not read. Below 0, by
   * occlusion alone: says "safe".
   */
  readonly scores: Float64Array;
  /** [lines] whether any token of it was read: blank lines and what is beyond the model's length are not. */
  readonly read: readonly boolean[];
}

/** A judge without a gradient: what a line says is told by the score without it. */
export interface OccludableJudge {
  judge(codes: readonly string[], options?: JudgeOptions): Promise<ExplainableJudgements>;
  /** As {@link ExplainingJudge.tokenLines}; where it is not of tokens, each line that is read and not blank. */
  tokenLines(code: string): Int32Array | Promise<Int32Array>;
}

/** The explanation without the lines of `context`, which preceded the text and ends with a line break. */
export function withoutContext({ scores, read }: LineExplanation, context: string): LineExplanation {
  const lines = linesOf(context).length - 1;
  return { scores: scores.slice(lines), read: read.slice(lines) };
}

/** Lines of a text, whatever ends them. */
export function linesOf(code: string): string[] {
  return code.split(/\r\n|\n|\r/);
}

/**
 * [functions] in the order given. `gradient`: sum of the positive parts of gradient x input over the line's tokens; with their
 * signs the tokens of a line cancel to noise (docs/decisions/lines.md). `occlusion`: how far the margin falls when the line is
 * left empty. Throws the signal's reason when it is aborted.
 */
export function explainLines(
  judge: ExplainingJudge,
  codes: readonly string[],
  method: LineMethod,
  options: JudgeOptions = {},
): Promise<LineExplanation[]> {
  return method === 'gradient' ? byGradient(judge, codes, options) : occludeLines(judge, codes, options);
}

async function byGradient(
  judge: ExplainingJudge,
  codes: readonly string[],
  options: JudgeOptions,
): Promise<LineExplanation[]> {
  const found = await judge.relevance(codes, options);
  return codes.map((code, i) => {
    const { lines, relevance } = found[i]!;
    const scores = new Float64Array(linesOf(code).length);
    lines.forEach((line, token) => {
      if (line >= 0) scores[within(scores, line)]! += Math.max(0, relevance[token]!);
    });
    return { scores, read: readLines(scores, lines) };
  });
}

/** The slow answer of {@link explainLines}, of any judge: one judgement a line. */
export async function occludeLines(
  judge: OccludableJudge,
  codes: readonly string[],
  options: JudgeOptions = {},
): Promise<LineExplanation[]> {
  const out: LineExplanation[] = [];
  const done = { functions: 0, tokens: 0 };
  for (const code of codes) {
    const scores = new Float64Array(linesOf(code).length);
    const read = readLines(scores, await judge.tokenLines(code));
    const pieces = readPieces(code, read);
    const candidates = [...read.keys()].filter((line) => read[line]! && (pieces[line] ?? '').trim() !== '');
    const without = candidates.map((left) =>
      pieces.map((piece, line) => (line === left ? lineEnd(piece) : piece)).join(''),
    );
    const { logOdds } = await judge.judge([pieces.join(''), ...without], { signal: options.signal });
    for (const [i, line] of candidates.entries()) scores[line] = logOdds[0]! - logOdds[i + 1]!;
    out.push({ scores, read });
    done.functions++;
    options.onProgress?.(done);
  }
  return out;
}

/** Each line with what ends it, up to the last that was read: else a line taken out would let another one in. */
function readPieces(code: string, read: readonly boolean[]): string[] {
  const all = code.split(/(?<=\r\n|\n|\r(?!\n))/);
  const pieces = all.slice(0, read.lastIndexOf(true) + 1);
  const last = pieces.at(-1);
  if (last !== undefined && pieces.length < all.length)
    pieces[pieces.length - 1] = last.replace(/[\r\n]+$/, '');
  return pieces;
}

const lineEnd = (piece: string) => /[\r\n]*$/.exec(piece)![0];

/** A lone carriage return ends a line here, but the tokens do not count it as a line break: the last line takes the rest. */
const within = ({ length }: Float64Array, line: number) => Math.min(line, length - 1);

function readLines(scores: Float64Array, lines: Int32Array): boolean[] {
  const read = Array.from(scores, () => false);
  for (const line of lines) if (line >= 0) read[within(scores, line)] = true;
  return read;
}
