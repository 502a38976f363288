/** @file The tables that come with Vultune: facts that the builder can use, and nothing else, no line of anybody's code. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readAdvisoryLines } from '../../../../src/dataset/sources/advisories/advisory-lines.ts';
import { SHIPPED_TABLES, tableName } from '../../../../src/dataset/sources/advisories/shipped-table.ts';
import { MavenRegistry } from '../../../../src/dataset/sources/releases/maven-registry.ts';
import { NpmRegistry } from '../../../../src/dataset/sources/releases/npm-registry.ts';
import { PypiRegistry } from '../../../../src/dataset/sources/releases/pypi-registry.ts';

const registries = { npm: new NpmRegistry(), pypi: new PypiRegistry(), maven: new MavenRegistry() };
const FACTS = [
  'id',
  'ecosystem',
  'package',
  'vulnerable',
  'fixed',
  'cwe',
  'date',
  'date_source',
  'functions',
];
const FACTS_OF_OTHERS = ['registry_time', 'changed_functions'];
const FACTS_OF_FUNCTION = ['file', 'name', 'line', 'end', 'qualified', 'within', 'copies'];

describe.each(['npm', 'pypi', 'maven'] as const)('%s', (ecosystem) => {
  test('each line names a pair of exact releases, an advisory and functions', async () => {
    const rows = await readAdvisoryLines(SHIPPED_TABLES[ecosystem], ecosystem);
    expect(rows.length).toBeGreaterThan(150);
    for (const { package: name, vulnerable = '', fixed, cve, named = [] } of rows) {
      const registry = registries[ecosystem];
      expect([registry.isPackage(name), registry.isVersion(vulnerable), registry.isVersion(fixed)]).toEqual([
        true,
        true,
        true,
      ]);
      expect(registry.canonical(name)).toBe(name);
      expect(vulnerable).not.toBe(fixed);
      for (const id of cve) expect(id).toMatch(/^(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3})$/);
      expect(cve.length * named.length).toBeGreaterThan(0);
      for (const one of named) expect([typeof one.path, typeof one.line]).toEqual(['string', 'number']);
    }
    const pairs = rows.map(
      ({ cve, package: name, vulnerable, fixed }) => `${cve.join()} ${name} ${vulnerable} ${fixed}`,
    );
    expect(new Set(pairs).size).toBe(pairs.length);
  });

  test('facts alone', () => {
    for (const line of readFileSync(SHIPPED_TABLES[ecosystem], 'utf8').trim().split('\n')) {
      const { functions, ...facts } = JSON.parse(line) as { readonly functions: readonly object[] };
      expect([...FACTS, ...FACTS_OF_OTHERS]).toEqual(expect.arrayContaining(Object.keys(facts)));
      for (const one of functions)
        expect(FACTS_OF_FUNCTION).toEqual(expect.arrayContaining(Object.keys(one)));
    }
  });

  test('a dataset names the table alike on every machine', () => {
    expect(tableName(SHIPPED_TABLES[ecosystem])).toBe(`${ecosystem}.jsonl, which comes with vultune`);
    expect(tableName('own.jsonl')).toBe('own.jsonl');
  });
});
