/**
 * @file Changes members of objects within the text of a JSON file and leaves every other character: numbers keep their digits, strings
 * their escapes, the file its layout. The text has been parsed before, so it is JSON.
 */

/** A value of the text: from its first character to behind its last. */
export interface JsonSpan {
  readonly start: number;
  readonly end: number;
}

export interface JsonEdit extends JsonSpan {
  readonly text: string;
}

const [QUOTE, BACKSLASH, OPEN, OPEN_LIST, CLOSE, CLOSE_LIST, COMMA] = [
  0x22, 0x5c, 0x7b, 0x5b, 0x7d, 0x5d, 0x2c,
];

/** The whole value of a text. */
export function rootSpan(text: string): JsonSpan {
  const start = afterSpace(text, 0);
  return { start, end: valueEnd(text, start) };
}

/** The values of an object by their names; of a repeated name the last, as JSON.parse reads it. Empty for what is not an object. */
export function memberSpans(text: string, { start }: JsonSpan): Map<string, JsonSpan> {
  const members = new Map<string, JsonSpan>();
  if (text.charCodeAt(start) !== OPEN) return members;
  for (let at = afterSpace(text, start + 1); text.charCodeAt(at) === QUOTE; ) {
    const nameEnd = stringEnd(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    // Behind the colon.
    const value = afterSpace(text, afterSpace(text, nameEnd) + 1);
    const end = valueEnd(text, value);
    members.set(name, { start: value, end });
    at = afterComma(text, end);
  }
  return members;
}

/** The values of a list. Empty for what is not a list. */
export function elementSpans(text: string, { start }: JsonSpan): JsonSpan[] {
  const elements: JsonSpan[] = [];
  if (text.charCodeAt(start) !== OPEN_LIST) return elements;
  for (let at = afterSpace(text, start + 1); at < text.length && text.charCodeAt(at) !== CLOSE_LIST; ) {
    const end = valueEnd(text, at);
    elements.push({ start: at, end });
    at = afterComma(text, end);
  }
  return elements;
}

/** Edits that give an object these members, each as JSON: in the place of one of the same name, else behind the last. */
export function setMembers(
  text: string,
  object: JsonSpan,
  values: readonly (readonly [name: string, json: string])[],
): JsonEdit[] {
  const members = memberSpans(text, object);
  const edits: JsonEdit[] = [];
  const added: string[] = [];
  for (const [name, json] of values) {
    const present = members.get(name);
    if (present === undefined) added.push(`${JSON.stringify(name)}: ${json}`);
    else edits.push({ ...present, text: json });
  }
  if (added.length === 0) return edits;
  // As the members that are there are laid out.
  const first = afterSpace(text, object.start + 1);
  const space = members.size === 0 ? '' : text.slice(object.start + 1, first);
  const at = members.size === 0 ? object.start + 1 : lastEnd(members);
  const separator = space === '' ? (members.size === 0 ? '' : ' ') : space;
  const lead = members.size === 0 ? '' : `,${separator}`;
  edits.push({ start: at, end: at, text: `${lead}${added.join(`,${separator === '' ? ' ' : separator}`)}` });
  return edits;
}

/** Not of the last name: one that is repeated keeps the place of its first. */
function lastEnd(members: ReadonlyMap<string, JsonSpan>): number {
  let last = 0;
  for (const { end } of members.values()) last = Math.max(last, end);
  return last;
}

/** Edits that do not overlap, in any order. */
export function applyEdits(text: string, edits: readonly JsonEdit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    parts.push(text.slice(at, edit.start), edit.text);
    at = edit.end;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

function valueEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return stringEnd(text, start);
  if (first !== OPEN && first !== OPEN_LIST) {
    let end = start;
    while (end < text.length && /[^\s,\]}]/.test(text[end]!)) end++;
    return end;
  }
  // Counted, not recursed: the log may nest as deep as it likes.
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = stringEnd(text, at) - 1;
    else if (code === OPEN || code === OPEN_LIST) depth++;
    else if ((code === CLOSE || code === CLOSE_LIST) && --depth === 0) return at + 1;
  }
  return text.length;
}

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at + 1;
  }
  return text.length;
}

function afterSpace(text: string, at: number): number {
  let next = at;
  while (next < text.length && isSpace(text.charCodeAt(next))) next++;
  return next;
}

function afterComma(text: string, at: number): number {
  const next = afterSpace(text, at);
  return text.charCodeAt(next) === COMMA ? afterSpace(text, next + 1) : next;
}

const isSpace = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
