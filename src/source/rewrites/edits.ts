/** @file Edits of a text, made at once: offsets are those of the text before. */

export interface Edit {
  readonly start: number;
  /** The same as `start` for an insertion. */
  readonly end: number;
  readonly text: string;
}

export interface EditedText {
  readonly code: string;
  /** Where the text of each edit lies afterwards, in the order of their starts. */
  readonly written: readonly { readonly start: number; readonly end: number }[];
}

/** The edits must not overlap. */
export function withEdits(code: string, edits: readonly Edit[]): EditedText {
  const sorted = [...edits].sort((a, b) => a.start - b.start);
  const parts: string[] = [];
  const written: { start: number; end: number }[] = [];
  let [from, length] = [0, 0];
  for (const { start, end, text } of sorted) {
    parts.push(code.slice(from, start), text);
    length += start - from;
    written.push({ start: length, end: length + text.length });
    length += text.length;
    from = end;
  }
  parts.push(code.slice(from));
  return { code: parts.join(''), written };
}
