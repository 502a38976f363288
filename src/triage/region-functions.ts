/** @file A region of a finding → the functions of the file that it stands in: by lines, by columns, by characters. */
import type { FileOutline, FunctionOutline } from '../scan/finding.ts';
import type { ColumnKind, SarifRegion, Unscored } from './triaged.ts';

export interface FileFunctions {
  readonly text: string;
  readonly outline: FileOutline;
  /** UTF-16 offsets of the lines' beginnings. */
  readonly lineStarts: readonly number[];
}

/** What the region covers, in UTF-16 offsets of the file's text. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Whether it says where within its line it begins. */
  readonly isExact: boolean;
}

export type RegionFunctions =
  /** One, or all that begin on the line where the scanner gives no column. */
  | { readonly functions: readonly FunctionOutline[]; readonly line: number }
  | { readonly unscored: Unscored; readonly line?: number | undefined };

export function fileFunctions(text: string, outline: FileOutline): FileFunctions {
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return { text, outline, lineStarts };
}

/**
 * The innermost function around the region's beginning. A region that begins before its function (a decorator, `export`) stands in
 * the one function that it reaches into.
 */
export function regionFunctions(
  region: SarifRegion | undefined,
  file: FileFunctions,
  columnKind: ColumnKind,
): RegionFunctions {
  const { outline } = file;
  const stretch = region === undefined ? { reason: 'no line' as const } : stretchOf(region, file, columnKind);
  if ('reason' in stretch) return { unscored: stretch, line: positive(region?.startLine) };
  const line = lineAt(stretch.from, file.lineStarts);
  if (outline.refused !== undefined) {
    return { unscored: { reason: 'not parsed', detail: outline.refused }, line };
  }
  const found = functionsAround(stretch, outline.functions);
  if (found.length > 0) return { functions: found, line };
  const reached = outermost(outline.functions.filter((one) => overlaps(one, stretch)));
  const isOneLine = lineAt(Math.max(stretch.from, stretch.to - 1), file.lineStarts) === line;
  if (reached.length === 1 || (reached.length > 1 && isOneLine)) return { functions: reached, line };
  if (reached.length > 1) {
    return { unscored: { reason: 'several functions', detail: `${reached.length}` }, line };
  }
  const lastLine = lineAt(Math.max(stretch.from, stretch.to - 1), file.lineStarts);
  const isUnread = outline.unread?.some(({ startLine, endLine }) => startLine <= lastLine && line <= endLine);
  return { unscored: { reason: isUnread === true ? 'unread function' : 'outside functions' }, line };
}

function stretchOf(region: SarifRegion, file: FileFunctions, kind: ColumnKind): Stretch | Unscored {
  const { text, lineStarts } = file;
  const startLine = positive(region.startLine);
  if (startLine === undefined) return characters(region, text, kind);
  const endLine = Math.max(startLine, positive(region.endLine) ?? startLine);
  if (startLine > lineStarts.length) {
    return { reason: 'line missing', detail: `the file has ${lineStarts.length} lines` };
  }
  const first = lineText(startLine, file);
  const last = lineText(Math.min(endLine, lineStarts.length), file);
  const startColumn = positive(region.startColumn);
  const endColumn = positive(region.endColumn);
  const blank = /^\s*/.exec(first.text)![0].length;
  const from =
    first.start + (startColumn === undefined ? blank : offsetIn(first.text, startColumn - 1, kind));
  const to =
    last.start +
    (endColumn === undefined ? last.text.trimEnd().length : offsetIn(last.text, endColumn - 1, kind));
  return { from, to: Math.max(to, from), isExact: startColumn !== undefined };
}

function characters(
  { charOffset, charLength }: SarifRegion,
  text: string,
  kind: ColumnKind,
): Stretch | Unscored {
  if (charOffset === undefined || !Number.isSafeInteger(charOffset) || charOffset < 0)
    return { reason: 'no line' };
  const from = offsetIn(text, charOffset, kind);
  if (from >= text.length && text.length > 0) {
    return { reason: 'line missing', detail: `the file has ${text.length} characters` };
  }
  const length = Number.isSafeInteger(charLength) && charLength! > 0 ? charLength! : 0;
  return { from, to: Math.min(text.length, from + length), isExact: true };
}

function functionsAround(
  { from, to, isExact }: Stretch,
  functions: readonly FunctionOutline[],
): FunctionOutline[] {
  const around = functions.filter(
    ({ start, end }) => start <= from && (isExact ? from < end : to <= end && from < end),
  );
  const innermost = around.reduce<FunctionOutline | undefined>(
    (best, one) => (best === undefined || one.end - one.start < best.end - best.start ? one : best),
    undefined,
  );
  return innermost === undefined ? [] : [innermost];
}

const overlaps = ({ start, end }: FunctionOutline, { from, to }: Stretch) =>
  start < Math.max(to, from + 1) && from < end;

/** Those that lie in no other of them. Functions are in the order of their beginnings. */
function outermost(functions: readonly FunctionOutline[]): FunctionOutline[] {
  const kept: FunctionOutline[] = [];
  for (const one of functions.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    if (one.start >= (kept.at(-1)?.end ?? 0)) kept.push(one);
  }
  return kept;
}

function lineText(
  line: number,
  { text, lineStarts }: FileFunctions,
): { readonly start: number; readonly text: string } {
  const start = lineStarts[line - 1]!;
  return { start, text: text.slice(start, lineStarts[line] ?? text.length) };
}

/** `count` characters into the text, as the scanner counts them; at most its end. */
function offsetIn(text: string, count: number, kind: ColumnKind): number {
  if (kind === 'utf16CodeUnits') return Math.min(count, text.length);
  let offset = 0;
  for (let left = count; left > 0 && offset < text.length; left--)
    offset += text.codePointAt(offset)! > 0xffff ? 2 : 1;
  return offset;
}

/** 1-based, by bisection. */
function lineAt(offset: number, lineStarts: readonly number[]): number {
  let [low, high] = [0, lineStarts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (lineStarts[middle]! <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

const positive = (value: number | undefined) =>
  value !== undefined && Number.isSafeInteger(value) && value >= 1 ? value : undefined;
