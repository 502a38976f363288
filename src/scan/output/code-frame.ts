/** @file A few lines of a function as text: its first ones, or those that mattered. Knows no colours. */
import { dedent } from './dedent.ts';
import { printable } from './describe.ts';

/** A function and where it begins; 1-based. */
export interface FramedCode {
  readonly code: string;
  readonly startLine: number;
  readonly startColumn: number;
}

export interface FrameLine {
  /** In the file; 1-based. */
  readonly number: number;
  readonly text: string;
  /** 0..1 among the function's lines; undefined when nothing is known. */
  readonly heat: number | undefined;
}

/**
 * At most `most` lines, in their order. With `lineScores` (one a line of the code) the first line and those with the
 * highest scores; without, the first ones.
 */
export function codeFrame(
  { code, startLine, startColumn }: FramedCode,
  lineScores: readonly number[] | undefined,
  most: number,
): FrameLine[] {
  const top = Math.max(0, ...(lineScores ?? []));
  const lines = dedent(code, startColumn)
    .split(/\r?\n/)
    .map((text, i) => ({
      number: startLine + i,
      text: text.replaceAll('\t', '  ').split('\n').map(printable).join(''),
      heat: lineScores === undefined ? undefined : top > 0 ? Math.max(0, lineScores[i] ?? 0) / top : 0,
    }));
  if (lineScores === undefined || lines.length <= most) return lines.slice(0, most);
  const [first, ...others] = lines;
  const hottest = others.toSorted((a, b) => b.heat! - a.heat!).slice(0, most - 1);
  return [first!, ...hottest].toSorted((a, b) => a.number - b.number);
}
