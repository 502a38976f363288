import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changedFunctions } from '../../../src/scan/diff/changed-functions.ts';
import { outlineSource } from '../../../src/scan/outline-source.ts';

const fingerprints = (source: string, language: 'javascript' | 'typescript' = 'javascript') =>
  outlineSource({ source, language }).functions.map(({ fingerprint }) => fingerprint);

/** Functions as lists of tokens, so that white space can be put between any two of them. */
const name = fc
  .stringMatching(/^[a-d][a-z]{0,3}$/)
  .filter((word) => !/^(do|case|as|async|await)$/.test(word));
const value = fc.oneof(
  fc.nat(99).map(String),
  name,
  fc.stringMatching(/^[ a-z/*]{0,5}$/).map((text) => `"${text}"`),
);
const statement = fc
  .tuple(name, value, value)
  .map(([target, left, right]) => [target, '=', left, '+', right, ';']);
const fn = fc
  .tuple(name, fc.array(statement, { minLength: 1, maxLength: 3 }))
  .map(([own, statements]) => ['function', own, '(', 'a', ')', '{', ...statements.flat(), '}']);
const program = fc.array(fn, { minLength: 1, maxLength: 4 });
const gap = fc.constantFrom(' ', '\n', '\t\t', ' \r\n  ', ' /* note */ ', ' // note\n');

const join = (functions: readonly (readonly string[])[], gaps: readonly string[]) => {
  let at = 0;
  return functions
    .map((tokens) => tokens.map((token) => token + gaps[at++ % gaps.length]).join(''))
    .join('\n');
};

describe('the fingerprint of a function', () => {
  test('stays when lines are put above, white space and comments change, the file is renamed', () => {
    fc.assert(
      fc.property(
        program,
        fc.array(gap, { minLength: 1, maxLength: 20 }),
        fc.nat(5),
        (functions, gaps, lines) => {
          const plain = fingerprints(join(functions, [' ']));
          expect(plain).toHaveLength(functions.length);
          expect(new Set(plain).size).toBe(functions.length);
          const moved = `${'// above\nlet x;\n'.repeat(lines)}${join(functions, gaps)}`;
          expect(fingerprints(moved)).toEqual(plain);
          expect(fingerprints(moved, 'typescript')).toEqual(plain);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('changes with the body, and only that of the function that changed', () => {
    fc.assert(
      fc.property(program, fc.nat(), statement, (functions, which, added) => {
        const i = which % functions.length;
        const changed = functions.map((tokens, j) =>
          j === i ? [...tokens.slice(0, -1), ...added, '}'] : tokens,
        );
        const before = fingerprints(join(functions, [' ']));
        const after = fingerprints(join(changed, [' ']));
        expect(before).not.toContain(after[i]);
        const names = functions.map((tokens) => tokens[1]);
        for (const [j, one] of after.entries()) if (names[j] !== names[i]) expect(one).toBe(before[j]);
      }),
      { numRuns: 60 },
    );
  });

  test('a string is no white space', () => {
    expect(fingerprints('function f() { return "a b"; }')).not.toEqual(
      fingerprints('function f() { return "ab"; }'),
    );
  });
});

describe('changed functions', () => {
  const outlines = (source: string) => outlineSource({ source, language: 'javascript' }).functions;
  const changed = (before: string, after: string) =>
    changedFunctions(outlines(before), outlines(after)).map((one) => [one.after.name, one.before?.name]);

  test.each<[string, string, string, (string | undefined)[][]]>([
    [
      'moved and commented',
      'function f() {}\nfunction g() {}',
      '\n// g\nfunction g() {}\nfunction f() { /**/ }',
      [],
    ],
    [
      'another body',
      'function f() { a }\nfunction g() {}',
      'function f() { b }\nfunction g() {}',
      [['f', 'f']],
    ],
    ['new', '', 'function f() {}', [['f', undefined]]],
    ['a copy', 'function f() {}', 'function f() {}\nfunction f() {}', [['f', undefined]]],
    ['gone', 'function f() {}', '', []],
    [
      'two of one name, one changed',
      'function f() { a }\nfunction f() { b }',
      'function f() { a }\nfunction f() { c }',
      [['f', 'f']],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(changed(before, after)).toEqual(expected);
  });
});
