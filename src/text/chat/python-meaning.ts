/**
 * @file Gives a parsed template Python's meaning where the library has JavaScript's: `strip` and its kin (which characters are white
 * space, and the characters they are told to take away), the filter `trim`, `==` and `!=`, and dates, whose names are English whatever
 * the machine's language is. The tree is changed to call the functions below, whose names no template can write: they have a space.
 */
import type { Template } from '@huggingface/jinja';

const STRIP = { strip: 'python strip', lstrip: 'python lstrip', rstrip: 'python rstrip' } as const;
const TRIM = 'python trim';
const DATE = 'python strftime_now';
const EQUALITY = { '==': 'python ==', '!=': 'python !=' } as const;

/** What `str.isspace` of Python takes for white space: not U+FEFF, but four separators and the next line too. */
const PYTHON_SPACE =
  '\t\n\v\f\r\u001c\u001d\u001e\u001f \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000';
const SPACE = new RegExp(`^[${PYTHON_SPACE}]$`);

type Node = { type: string } & Record<string, unknown>;

/** Changes the template's tree in place. */
export function withPythonMeaning(template: Template): Template {
  visit(template.parsed);
  return template;
}

/** The functions that a changed template calls, by their names; to be given to `render`. */
export function pythonFunctions(now: () => Date = () => new Date()): Readonly<Record<string, unknown>> {
  return {
    [STRIP.strip]: (text: unknown, set?: unknown) => stripped(text, set, { start: true, end: true }),
    [STRIP.lstrip]: (text: unknown, set?: unknown) => stripped(text, set, { start: true, end: false }),
    [STRIP.rstrip]: (text: unknown, set?: unknown) => stripped(text, set, { start: false, end: true }),
    // The filter takes what is not defined for an empty text.
    [TRIM]: (text: unknown, set?: unknown) => stripped(text ?? '', set, { start: true, end: true }),
    [EQUALITY['==']]: (left: unknown, right: unknown) => areEqual(left, right),
    [EQUALITY['!=']]: (left: unknown, right: unknown) => !areEqual(left, right),
    [DATE]: (format: unknown) => formatDate(now(), typeof format === 'string' ? format : ''),
  };
}

function visit(value: unknown): void {
  if (Array.isArray(value)) {
    for (const one of value) visit(one);
  } else if (value instanceof Map) {
    for (const pair of value) visit(pair);
  } else if (isNode(value)) {
    for (const child of Object.values(value)) visit(child);
    if (value.type === 'CallExpression') changeCall(value);
    if (value.type === 'FilterExpression') changeFilter(value);
    if (value.type === 'BinaryExpression') changeComparison(value);
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';

/** `text.strip(set)` -> `python strip(text, set)`; `strftime_now(format)` -> `python strftime_now(format)`. */
function changeCall(call: Node): void {
  const callee = call.callee as Node;
  if (callee.type === 'Identifier') {
    if (callee.value === 'strftime_now') callee.value = DATE;
    return;
  }
  if (callee.type !== 'MemberExpression' || callee.computed === true) return;
  const property = callee.property as Node;
  const name = property.value;
  if (typeof name !== 'string' || !Object.hasOwn(STRIP, name)) return;
  property.value = STRIP[name as keyof typeof STRIP];
  call.callee = property;
  call.args = [callee.object, ...(call.args as Node[])];
}

/** `text | trim(set)` -> `python trim(text, set)`. */
function changeFilter(filtered: Node): void {
  const filter = filtered.filter as Node;
  const [name, args] =
    filter.type === 'CallExpression' ? [filter.callee as Node, filter.args as Node[]] : [filter, []];
  if (name.type !== 'Identifier' || name.value !== 'trim') return;
  const { operand } = filtered;
  name.value = TRIM;
  delete filtered.operand;
  delete filtered.filter;
  Object.assign(filtered, { type: 'CallExpression', callee: name, args: [operand, ...args] });
}

/** `a == b` -> `python ==(a, b)`, and `a == none` -> `a is none`: the functions cannot tell none from what is not defined. */
function changeComparison(comparison: Node): void {
  const { left, right, operator } = comparison;
  const { value: sign } = operator as { readonly value: string };
  if (sign !== '==' && sign !== '!=') return;
  delete comparison.operator;
  const other = isNone(left) ? right : isNone(right) ? left : undefined;
  if (other !== undefined) {
    const test = { type: 'Identifier', value: 'none' };
    Object.assign(comparison, { type: 'TestExpression', operand: other, negate: sign === '!=', test });
    return;
  }
  const callee = { type: 'Identifier', value: EQUALITY[sign] };
  Object.assign(comparison, { type: 'CallExpression', callee, args: [left, right] });
}

const isNone = (node: unknown) =>
  isNode(node) && node.type === 'Identifier' && (node.value === 'none' || node.value === 'None');

/**
 * Python's equality: an empty text is not false, true is 1, and lists and dictionaries are compared
 * by what they hold.
 */
function areEqual(left: unknown, right: unknown): boolean {
  const [a, b] = [left, right].map((one) => (typeof one === 'boolean' ? Number(one) : one));
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((one, i) => areEqual(held(one), held(b[i])));
  }
  if (!(a instanceof Map && b instanceof Map) || a.size !== b.size) return false;
  return [...a].every(([key, one]) => b.has(key) && areEqual(held(one), held(b.get(key))));
}

/** What the library's object around a value in a list or a dictionary holds. */
const held = (wrapped: unknown) => (wrapped as { readonly value: unknown }).value;

/** Takes white space, or any of the characters of `set`, from the ends that are named. Throws for what is not text. */
function stripped(
  text: unknown,
  set: unknown,
  ends: { readonly start: boolean; readonly end: boolean },
): string {
  if (typeof text !== 'string') throw new Error(`strip and trim are for text, found ${typeof text}`);
  if (set !== undefined && set !== null && typeof set !== 'string') {
    throw new Error('strip and trim take a text of characters');
  }
  const own = set === undefined || set === null ? undefined : new Set(set);
  const goes = (character: string) => (own === undefined ? SPACE.test(character) : own.has(character));
  const characters = Array.from(text);
  let [from, to] = [0, characters.length];
  while (ends.start && from < to && goes(characters[from]!)) from++;
  while (ends.end && to > from && goes(characters[to - 1]!)) to--;
  return characters.slice(from, to).join('');
}

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** Python's `strftime` in the C locale, for the directives that dates in templates have; others stay as they are. */
function formatDate(date: Date, format: string): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const hour = date.getHours();
  const month = MONTHS[date.getMonth()]!;
  const day = DAYS[date.getDay()]!;
  const values: Readonly<Record<string, string>> = {
    '%Y': String(date.getFullYear()),
    '%y': two(date.getFullYear() % 100),
    '%m': two(date.getMonth() + 1),
    '%d': two(date.getDate()),
    '%-d': String(date.getDate()),
    '%B': month,
    '%b': month.slice(0, 3),
    '%A': day,
    '%a': day.slice(0, 3),
    '%H': two(hour),
    '%I': two(hour % 12 || 12),
    '%p': hour < 12 ? 'AM' : 'PM',
    '%M': two(date.getMinutes()),
    '%S': two(date.getSeconds()),
    '%%': '%',
  };
  return format.replaceAll(/%-?[A-Za-z%]/g, (directive) => values[directive] ?? directive);
}
