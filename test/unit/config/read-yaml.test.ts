/** @file A configuration file or an override may hold anything: it is a value, or an error that says what is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { loadTrainConfig } from '../../../src/config/load.ts';
import { readYaml } from '../../../src/config/read-yaml.ts';

const folder = mkdtempSync(join(tmpdir(), 'vultune-yaml-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bomb = 'abcdefghij'
  .split('')
  .map((name, i) => `${name}: &${name} [${Array(9).fill(i === 0 ? 'x' : `*${'abcdefghij'[i - 1]}`)}]`)
  .join('\n');

const BROKEN: readonly (readonly [string, string, RegExp])[] = [
  ['an alias of nothing', 'base_model: *nope', /alias \*nope has no anchor/],
  ['an alias bomb', bomb, /alias/i],
  ['an alias of what holds it', 'target_modules: &a [*a]', /holds it/],
  ['a key given twice', 'seed: 1\nseed: 2', /unique/],
  ['a list as a key', '? [a, b]\n: 1', /a key is a name/],
  ['no key', '~: 1', /a key is a name/],
  ['a set', 'target_modules: !!set {a, b}', /tag .*set/],
  ['bytes', 'base_model: !!binary aGVsbG8=', /tag .*binary/],
  ['a tag of another language', 'seed: !!js/function "x"', /tag/],
  ['two documents', 'seed: 1\n---\nseed: 2', /documents/],
  ['a list nested a hundred thousand times', `seed: ${'['.repeat(100_000)}`, /not valid YAML/],
  [
    'a list nested a thousand times',
    `seed: ${'['.repeat(1000)}${']'.repeat(1000)}`,
    /nested more than 100 deep/,
  ],
];

test.each(BROKEN)('%s in a file is an error of syntax', (_what, yaml, message) => {
  const file = join(folder, 'broken.yaml');
  writeFileSync(file, yaml);
  expect(() => loadTrainConfig({ file })).toThrow(
    expect.objectContaining({ code: 'CONFIG_SYNTAX', message: expect.stringMatching(message) }),
  );
});

test.each([
  ['an alias of nothing', 'lora_r=*nope'],
  ['a tag', 'lora_r=!!binary aGVsbG8='],
  ['a map with a list as key', 'set_weights={? [a] : 1}'],
  ['a prototype', 'set_weights.__proto__.P3=1'],
])('%s in an override is an error of the override', (_what, override) => {
  expect(() => loadTrainConfig({ overrides: [override] })).toThrow(
    expect.objectContaining({ message: expect.stringContaining(override.split('=')[0]!) }),
  );
});

test('a file of more than a megabyte is refused', () => {
  const file = join(folder, 'huge.yaml');
  writeFileSync(file, `# ${'x'.repeat(2 << 20)}\nseed: 1\n`);
  expect(() => loadTrainConfig({ file })).toThrow(expect.objectContaining({ code: 'FILE_TOO_LARGE' }));
});

test('an alias of a value before it is that value', () => {
  expect(readYaml('a: &x [1, 2]\nb: *x').value).toEqual({ a: [1, 2], b: [1, 2] });
});

test('any text is a value or has faults, and nothing is thrown', () => {
  const piece = fc.constantFrom(...'&*!<>?|-:[]{}#%\'" \n,ab1~.'.split(''), '<<: ', '!!', '---\n');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const { value, faults } = readYaml(pieces.join(''));
      expect(value === undefined || faults.length === 0).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
