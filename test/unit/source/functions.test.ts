/** @file Functions out of JavaScript and TypeScript, their names and lines, and the normalised text they are compared by. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { languageOfPath } from '../../../src/source/languages.ts';
import { extractFunctions, parseSource } from '../../../src/source/parse-source.ts';
import { normaliseBody } from '../../support/normalise-body.ts';

const SOURCE = `'use strict';
/* \u00e9\u{1f600} */ function plain(a, b = 1) { return a + b; }
const bound = function () {
  return [1].map((x) => x + 1);
};
const arrow = async (x) => { await x; };
var own = function inner() {};
exports.parse = function (text) { return text; };
exports['dashed-key'] = function () {};
internals.clone = module.exports = function () {};
Server.prototype.listen = function (port) {
  const attach = () => port;
  return attach();
};
class Reader extends Base {
  #cache = () => 1;
  static create() { return new Reader(); }
  constructor(a) { super(a); }
  get size() { return 1; }
  set size(value) {}
  async *[Symbol.iterator]() {}
  ['check' + FS](path) { return path; }
  handle = (event) => event;
}
const win32 = { parse(path) { return path; }, join: function () {}, 'a-b': () => 0, [KEY]: () => 1 };
(function () { function hidden() {} })();
const either = fallback || function () { return 2; };
const { option = () => 3 } = settings;
export default function () {}
`;

const named = (source: string, language: 'javascript' | 'typescript' | 'tsx' = 'javascript') =>
  extractFunctions(source, language).map(
    (entry) => `${entry.kind} ${entry.qualifiedName} @${entry.startLine}-${entry.endLine}`,
  );

describe('functions', () => {
  test('declarations, expressions, arrows, methods, accessors, computed keys, nested and anonymous ones', () => {
    expect(named(SOURCE)).toEqual([
      'function plain @2-2',
      'function bound @3-5',
      'arrow bound.<anonymous> @4-4',
      'arrow arrow @6-6',
      'function own @7-7',
      'function exports.parse @8-8',
      "function exports['dashed-key'] @9-9",
      'function module.exports @10-10',
      'function Server.prototype.listen @11-14',
      'arrow Server.prototype.listen.attach @12-12',
      'arrow Reader.#cache @16-16',
      'method Reader.create @17-17',
      'constructor Reader.constructor @18-18',
      'getter Reader.size @19-19',
      'setter Reader.size @20-20',
      'method Reader.[Symbol.iterator] @21-21',
      "method Reader.['check'+FS] @22-22",
      'arrow Reader.handle @23-23',
      'method win32.parse @25-25',
      'function win32.join @25-25',
      'arrow win32.a-b @25-25',
      'arrow win32.[KEY] @25-25',
      'function <anonymous> @26-26',
      'function hidden @26-26',
      'function either @27-27',
      'arrow option @28-28',
      'function default @29-29',
    ]);
  });

  test('names, parameters, code and nesting', () => {
    const functions = extractFunctions(SOURCE, 'javascript');
    const by = (name: string) => functions.find((entry) => entry.qualifiedName === name)!;
    expect(by('plain')).toMatchObject({ name: 'plain', parameters: 'a, b = 1' });
    expect(by('plain').code).toBe('function plain(a, b = 1) { return a + b; }');
    expect(by('own').name).toBe('inner');
    expect(by('module.exports').name).toBe('module.exports');
    expect(by('bound.<anonymous>')).toMatchObject({ name: undefined, parameters: 'x' });
    expect(functions[by('Server.prototype.listen.attach').parent!]).toBe(by('Server.prototype.listen'));
    expect(by('Reader.create').name).toBe('create');
    for (const entry of functions) expect(SOURCE.slice(entry.start, entry.end)).toBe(entry.code);
  });

  test('TypeScript: types, overload signatures without a body, decorators, abstract members', () => {
    const source = `
abstract class Store<T> {
  abstract load(key: string): T;
  private find<K extends string>(key: K): T | undefined { return undefined; }
  readonly keep = (value: T): void => {};
}
function read(path: string): string;
function read(path: string, raw?: boolean): string { return path; }
const cast = (() => 1) as unknown as () => number;
namespace Inner { export function deep(this: Window): asserts x is string {} }`;
    expect(named(source, 'typescript')).toEqual([
      'method Store.find @4-4',
      'arrow Store.keep @5-5',
      'function read @8-8',
      'arrow cast @9-9',
      'function deep @10-10',
    ]);
    expect(named('const View = () => <b onClick={() => go()}> it\u2019s </b>;', 'tsx')).toEqual([
      'arrow View @1-1',
      'arrow View.<anonymous> @1-1',
    ]);
  });

  test('what does not parse is marked and does not hide the others', () => {
    const source =
      'function a() { return 1; }\nfunction b( { = ; }\nfunction c() { @@ }\nfunction d() { return 4; }\n';
    const functions = extractFunctions(source, 'javascript');
    const names = functions.filter((entry) => entry.parses).map((entry) => entry.name);
    expect(names).toContain('a');
    expect(names).toContain('d');
    expect(names).not.toContain('c');
  });

  test('hostile sources end: deep nesting, one huge line, nothing, binary', () => {
    expect(extractFunctions('['.repeat(20_000), 'javascript')).toEqual([]);
    expect(extractFunctions(`(${'function(){'.repeat(300)}${'}'.repeat(300)})`, 'javascript')).toHaveLength(
      300,
    );
    expect(extractFunctions(`var a=[${'1,'.repeat(200_000)}1];function f(){}`, 'javascript')).toHaveLength(1);
    expect(extractFunctions('', 'typescript')).toEqual([]);
    expect(extractFunctions('\u0000\ufffd\u0001', 'javascript')).toEqual([]);
  });

  test('the language of a path', () => {
    expect(
      ['a.js', 'b.MJS', 'c.tsx', 'd.d.ts', 'e.d.mts', 'f.txt'].map((path) => languageOfPath(path)),
    ).toEqual(['javascript', 'javascript', 'tsx', undefined, undefined, undefined]);
  });
});

describe('normalised text', () => {
  const equal = (a: string, b: string) => normaliseBody(a, 'javascript') === normaliseBody(b, 'javascript');

  test.each([
    ['comments', 'function f(a) { /* x */ return a; // y\n}', 'function f(a){return a}'.replace('a}', 'a;}')],
    ['line endings', 'function f(){\r\n  return `a\r\nb`;\r\n}', 'function f(){\n return `a\nb`;\n}'],
    ['quotes', `function f(){ return 'it\\'s "x"'; }`, `function f(){ return "it's \\"x\\""; }`],
    ['methods', 'get size() { return 1 }', 'get size(){return 1}'],
    ['constructors', 'constructor ( a ) { super(a) }', 'constructor(a){super(a)}'],
    ['private methods', '#x ( ) { }', '#x(){}'],
  ])('forgives %s', (_name, a, b) => expect(equal(a, b)).toBe(true));

  test.each([
    ['a string that looks like a comment', 'function f(){ return "a/*b*/c" }', 'function f(){ return "ac" }'],
    ['white space in strings', 'function f(){ return "a  b" }', 'function f(){ return "a b" }'],
    ['white space in templates', 'function f(){ return `a  b` }', 'function f(){ return `a b` }'],
    ['white space in patterns', 'function f(){ return /a  b/ }', 'function f(){ return /a b/ }'],
    ['slashes in patterns', 'function f(){ return /[/]*x/g }', 'function f(){ return /[/]/g }'],
    ['words that would run together', 'function f(){ return typeof a }', 'function f(){ return typeofa }'],
    ['plus plus', 'function f(){ return a + +b }', 'function f(){ return a ++b }'],
    ['names', 'function f(a){ return a }', 'function f(b){ return b }'],
  ])('keeps %s', (_name, a, b) => expect(equal(a, b)).toBe(false));

  test('inner functions are cut out on request', () => {
    const before = 'function wrap(x) { function inner() { return 1; } on(() => x); return inner; }';
    const after = 'function wrap(x) { function inner() { return 2; } on(() => y); return inner; }';
    expect(equal(before, after)).toBe(false);
    const options = { cutNested: true };
    expect(normaliseBody(before, 'javascript', options)).toBe(
      'function wrap(x){function inner(){}on(()=>{});return inner;}',
    );
    expect(normaliseBody(after, 'javascript', options)).toBe(normaliseBody(before, 'javascript', options));
  });

  test('the text from the file is the text of the function alone', () => {
    const parsed = parseSource(SOURCE, 'javascript');
    for (const entry of parsed.functions) {
      expect(normaliseBody(entry.code, 'javascript')).toBe(parsed.normalise(entry));
      const cut = { cutNested: true };
      expect(normaliseBody(entry.code, 'javascript', cut)).toBe(parsed.normalise(entry, cut));
    }
  });

  test('property: layout and comments between tokens never matter', () => {
    const tokens = [
      'function',
      ' ',
      'f',
      '(',
      'a',
      ')',
      '{',
      'if',
      '(',
      'a',
      '>',
      '"x // y"',
      ')',
      'return',
      ' ',
      'a',
      '+',
      "'q'",
      ';',
      '}',
    ];
    const gap = fc.constantFrom('', ' ', '\n', '\t', '/* c */', ' // d\n', '\r\n  ');
    const plain = normaliseBody(tokens.join(''), 'javascript');
    fc.assert(
      fc.property(fc.array(gap, { minLength: tokens.length, maxLength: tokens.length }), (gaps) => {
        const spaced = tokens
          .map((token, index) => token + (index < tokens.length - 1 ? gaps[index] : ''))
          .join('');
        expect(normaliseBody(spaced, 'javascript')).toBe(plain);
      }),
    );
  });

  test('normalising twice changes nothing', () => {
    for (const entry of extractFunctions(SOURCE, 'javascript')) {
      const once = normaliseBody(entry.code, 'javascript');
      expect(normaliseBody(once, 'javascript')).toBe(once);
    }
  });
});
