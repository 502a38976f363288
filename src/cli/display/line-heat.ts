/** @file One function's lines with their heat, for a terminal: a bar that needs no colours, the hottest lines, what a fix changed. */
import { harmless } from './harmless-text.ts';
import type { Terminal } from './terminal.ts';

export interface HeatedLines {
  /** [lines] */
  readonly lines: readonly string[];
  /** [lines] above 0: says "vulnerable"; below: says "safe". */
  readonly scores: ArrayLike<number>;
  /** [lines] */
  readonly read: readonly boolean[];
  /** Within the function, 1-based. */
  readonly marked: readonly number[];
  /** Number of the first line. */
  readonly firstLine: number;
  /** Lines shown, the marked ones not counted. */
  readonly mostLines: number;
}

const CELLS = 5;

/** What the bars and the star mean, once for all functions. */
export function heatLegend(
  { hasMarked, hasNegative }: { readonly hasMarked: boolean; readonly hasNegative: boolean },
  { colors, isUnicode }: Terminal,
): string {
  const safe = hasNegative ? ', - says "safe"' : '';
  const star = hasMarked ? '; * changed by the fix' : '';
  return colors.muted(
    `${isUnicode ? '█' : '#'} says "vulnerable"${safe}, as a share of the function's strongest line${star}\n`,
  );
}

/** One line of text a line shown, each with a line break. */
export function heatedLines(heated: HeatedLines, terminal: Terminal): string {
  const { lines, scores, read, marked, firstLine } = heated;
  const { colors } = terminal;
  const strongest = Array.from(scores).reduce((most, score) => Math.max(most, Math.abs(score)), 0);
  const width = String(firstLine + lines.length - 1).length;
  const room = Math.max(20, terminal.columns() - CELLS - width - 7);
  const pad = ' '.repeat(CELLS + 3 + width - 1);
  const out: string[] = [];
  let previous = -1;
  const gap = (next: number) => {
    const between = lines.slice(previous + 1, next).filter((line) => line.trim() !== '').length;
    if (between > 0) out.push(colors.muted(`${pad}⋮ ${between} ${between === 1 ? 'line' : 'lines'}`));
  };
  for (const index of chosenLines(heated)) {
    gap(index);
    previous = index;
    const isBlank = lines[index]!.trim() === '';
    const share = strongest === 0 || isBlank ? 0 : scores[index]! / strongest;
    const star = marked.includes(index + 1) ? colors.accent('*') : ' ';
    const number = colors.muted(String(firstLine + index).padStart(width));
    const text = clip(harmless(lines[index]!), room);
    const isCold = !read[index] && !isBlank;
    out.push(`${bar(share, terminal)} ${star} ${number}  ${isCold ? colors.muted(text) : text}`.trimEnd());
  }
  gap(lines.length);
  const unread = lines.findIndex((line, i) => line.trim() !== '' && read[i] === false);
  if (unread >= 0) out.push(colors.muted(`${pad}truncated: not read from line ${firstLine + unread} on`));
  return out.map((line) => `${line}\n`).join('');
}

function bar(share: number, { colors, isUnicode }: Terminal): string {
  const cells = Math.round(CELLS * Math.abs(share));
  const text = (share > 0 ? (isUnicode ? '█' : '#') : '-').repeat(cells).padEnd(CELLS);
  if (share <= 0) return colors.good(text);
  return share >= 0.5 ? colors.bad(text) : colors.warning(text);
}

/** The first line, those that say most either way, and the marked ones, in the order of the text. */
function chosenLines({ lines, scores, marked, mostLines }: HeatedLines): number[] {
  const all = [...lines.keys()];
  if (lines.length <= mostLines) return all;
  const strongest = all
    .filter((index) => index > 0 && lines[index]!.trim() !== '')
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, mostLines - 1);
  const inText = (line: number) => line >= 1 && line <= lines.length;
  const chosen = new Set([0, ...strongest, ...marked.filter(inText).map((line) => line - 1)]);
  // A line left out alone would take as much room as the note that says so.
  return all.filter((index) => chosen.has(index) || (chosen.has(index - 1) && chosen.has(index + 1)));
}

function clip(text: string, room: number): string {
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}
