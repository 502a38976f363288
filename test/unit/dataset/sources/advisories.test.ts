import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readAdvisoryLines } from '../../../../src/dataset/sources/advisories/advisory-lines.ts';
import { openOsv, openReleases } from '../../../../src/dataset/sources/advisories/open-advisories.ts';
import { readOsv } from '../../../../src/dataset/sources/advisories/osv.ts';
import { readOsvFiles } from '../../../../src/dataset/sources/advisories/osv-files.ts';
import {
  pairAroundFix,
  readStatementArtifacts,
} from '../../../../src/dataset/sources/advisories/statement-artifacts.ts';
import { compareMavenVersions } from '../../../../src/dataset/sources/releases/maven-version.ts';
import { readSource } from '../../../support/read-source.ts';
import { sharedFolder } from '../../../support/shared.ts';
import { zipBytes } from '../../../support/zip-writer.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-advisories-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const code = (value: string) => expect.objectContaining({ code: value });
const HASH = 'c'.repeat(40);

function osv(more: object = {}) {
  return {
    id: 'GHSA-1',
    aliases: ['CVE-2021-1', 'OTHER-2'],
    published: '2021-02-03T04:05:06Z',
    database_specific: { cwe_ids: ['CWE-79', 'no'] },
    affected: [
      {
        package: { ecosystem: 'PyPI', name: 'shop' },
        ranges: [
          { type: 'GIT', repo: 'https://h.example/o/shop', events: [{ introduced: '0' }, { fixed: HASH }] },
          {
            type: 'ECOSYSTEM',
            events: [{ introduced: '0' }, { fixed: '1.2' }, { introduced: '2.0' }, { fixed: '2.3' }],
          },
        ],
        versions: ['1.0', '1.1', '2.0'],
      },
    ],
    ...more,
  };
}

describe('OSV', () => {
  test('every fixed release, and every fix commit', () => {
    const facts = { cve: ['CVE-2021-1'], cwe: ['CWE-79'] };
    const release = {
      ecosystem: 'pypi',
      package: 'shop',
      affected: ['1.0', '1.1', '2.0'],
      date: '2021-02-03',
      ...facts,
    };
    expect(readOsv(osv())).toEqual({
      packages: [
        { ...release, fixed: '1.2' },
        { ...release, introduced: '2.0', fixed: '2.3' },
      ],
      commits: [{ repository: 'https://h.example/o/shop', commit: HASH, ...facts }],
      problems: [],
    });
  });

  const affected = (entry: object) => ({ affected: [entry] });
  const range = (...events: object[]) => [{ type: 'SEMVER', events }];
  test.each([
    ['no object', 7, 'advisory: not in OSV form'],
    ['withdrawn', osv({ withdrawn: '2022-01-01' }), 'advisory withdrawn'],
    ['malware', osv({ id: 'MAL-2022-1' }), 'advisory of a malicious package'],
    [
      'Go',
      osv(affected({ package: { ecosystem: 'Go', name: 'x' }, ranges: range({ fixed: '1' }) })),
      'advisory for another ecosystem (Go)',
    ],
    [
      'a name of the prototype',
      osv(affected({ package: { ecosystem: 'constructor', name: 'x' } })),
      'advisory for another ecosystem (constructor)',
    ],
    [
      'not fixed',
      osv(
        affected({
          package: { ecosystem: 'npm', name: 'x' },
          ranges: range({ introduced: '0' }, { last_affected: '1' }),
        }),
      ),
      'advisory without a fixed release',
    ],
    [
      'odd types',
      osv(affected({ package: [1], ranges: [{ events: 'x' }, null] })),
      'advisory without a package',
    ],
    [
      'a place on this machine',
      osv(affected({ ranges: [{ type: 'GIT', repo: '/etc', events: [{ fixed: HASH }] }] })),
      'advisory without a package',
    ],
  ])('%s is passed over', (_case, value, problem) => {
    expect(readOsv(value)).toEqual({ packages: [], commits: [], problems: [problem] });
  });

  test('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => Array.isArray(readOsv(osv({ affected: value })).packages)),
    );
  });

  test('a folder, a file with several, and a zip give the same advisories', async () => {
    const texts = { 'b/2.json': '{"id":"2"}', '1.json': '{"id":"1"}', 'broken.json': '{', 'notes.txt': 'x' };
    for (const [name, text] of Object.entries(texts)) {
      mkdirSync(join(folder, 'all', 'b'), { recursive: true });
      writeFileSync(join(folder, 'all', name), text);
    }
    writeFileSync(join(folder, 'all.zip'), zipBytes(texts));
    writeFileSync(join(folder, 'all.json'), '[{"id":"1"},{"id":"2"}]');
    const read = async (name: string) => {
      const found: unknown[] = [];
      const problems: string[] = [];
      await readOsvFiles(
        join(folder, name),
        (value) => found.push(value),
        (reason) => problems.push(reason),
      );
      return { ids: found.map((value) => (value as { id: string }).id).sort(), problems };
    };
    const whole = { ids: ['1', '2'], problems: ['advisory: not JSON'] };
    expect(await read('all')).toEqual(whole);
    expect(await read('all.zip')).toEqual(whole);
    expect(await read('all.json')).toEqual({ ids: ['1', '2'], problems: [] });
    await expect(read('all/broken.json')).rejects.toEqual(code('OSV_BROKEN'));
    await expect(read('none.json')).rejects.toEqual(code('FILE_MISSING'));
  });

  test('fix commits go to git', async () => {
    const events = [{ introduced: '0' }, { fixed: HASH }];
    const ranges = [{ type: 'GIT', repo: 'http://127.0.0.1:9/o/shop', events }];
    writeFileSync(join(folder, 'o.json'), JSON.stringify(osv(affected({ ranges }))));
    const source = await openOsv(join(folder, 'o.json'), {});
    expect(source.count).toBe(1);
    await expect(readSource(source, join(folder, 'cache'))).rejects.toEqual(code('GIT_CLONE_FAILED'));
  });
});

describe('lines of facts', () => {
  const read = async (text: string) => {
    writeFileSync(join(folder, 'facts.jsonl'), text);
    return await readAdvisoryLines(join(folder, 'facts.jsonl'), 'pypi');
  };

  test('a line gives all its fields; a function without a name is left out', async () => {
    const functions = [
      { file: 'a.py', name: 'f', qualified: 'A.f', line: 1 },
      { file: 'b.py', line: 3 },
      { file: 'c.js', name: '<anonymous@c.js:7>', line: 7, within: 'outer' },
      'g',
    ];
    const line = {
      package: 'p',
      vulnerable: '1',
      fixed: '2',
      introduced: '0.1',
      cve: 'CVE-1-1',
      cwe: ['CWE-1'],
      functions,
    };
    expect(
      await read(`${JSON.stringify(line)}\n\n{"id":"CVE-2-2","package":"q","fixed":"1","ecosystem":"npm"}`),
    ).toEqual([
      {
        ecosystem: 'pypi',
        package: 'p',
        vulnerable: '1',
        fixed: '2',
        introduced: '0.1',
        cve: ['CVE-1-1'],
        cwe: ['CWE-1'],
        named: [
          { path: 'a.py', name: 'A.f', line: 1 },
          { path: 'c.js', name: 'outer', line: 7 },
          { name: 'g' },
        ],
      },
      { ecosystem: 'npm', package: 'q', fixed: '1', cve: ['CVE-2-2'], cwe: [] },
    ]);
  });

  test.each([
    '{',
    '[]',
    '{"package":1,"fixed":"1"}',
    '{"package":"p"}',
    '{"package":"p","fixed":"1","ecosystem":"go"}',
    '{"package":"p","fixed":"1","cve":[1]}',
    '{"package":"p","fixed":"1","functions":{}}',
  ])('broken: %s', async (text) => {
    await expect(read(`{"package":"p","fixed":"1"}\n${text}`)).rejects.toMatchObject({
      code: 'ADVISORY_BROKEN',
      where: { line: 2 },
    });
  });

  test('nothing to fetch is an error', async () => {
    writeFileSync(join(folder, 'empty.jsonl'), '\n');
    await expect(openReleases('pypi', join(folder, 'empty.jsonl'))).rejects.toEqual(code('ADVISORIES_EMPTY'));
    await expect(openReleases('maven', undefined)).rejects.toEqual(code('SOURCE_LOCATION'));
    await expect(openReleases('maven', join(folder, 'none'))).rejects.toEqual(code('FILE_MISSING'));
  });
});

describe("project-kb's statements", () => {
  const releases = (text: string) =>
    new Map(text.split(' ').map((entry): [string, boolean] => [entry.replace('!', ''), entry.endsWith('!')]));

  test.each([
    ['1.0! 1.1! 1.2 1.3', '1.1', '1.2'],
    // Branches: the nearer pair, then the newer one.
    ['8.5.50! 8.5.51 9.0.30! 9.0.31 10.0.0', '9.0.30', '9.0.31'],
    ['1.9! 2.0.1! 2.0.2 3.0! 4.0', '2.0.1', '2.0.2'],
    ['1.10! 1.9! 1.11', '1.10', '1.11'],
  ])('%s', (text, vulnerable, fixed) => {
    expect(pairAroundFix(releases(text))).toEqual({ vulnerable, fixed });
  });

  test('no release after an affected one: no pair', () => {
    expect(pairAroundFix(releases('1.0 1.1! 1.2!'))).toBeUndefined();
  });

  test('artifacts by package, in the order of the statements, with the files that the fix changed', async () => {
    const write = (name: string, text: string) => {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, 'statement.yaml'), text);
    };
    const artifact = (id: string, affected: string) => `- id: pkg:maven/${id}\n  affected: ${affected}\n`;
    write(
      'CVE-1',
      `vulnerability_id: CVE-1\nartifacts:\n${artifact('g/a@1.10', 'true')}${artifact('g/a@1.9', 'true')}${artifact('g/a@1.11', 'false')}${artifact('g/b@1', 'true')}`,
    );
    write('CVE-2', 'vulnerability_id: CVE-2\n');
    write('CVE-3', ': [');
    const problems: string[] = [];
    expect(await readStatementArtifacts(folder, (reason) => problems.push(reason))).toEqual([
      { ecosystem: 'maven', package: 'g:a', vulnerable: '1.10', fixed: '1.11', cve: ['CVE-1'], cwe: [] },
    ]);
    expect(problems).toEqual([
      'artifact without an affected release before a fixed one',
      'statement without releases',
      'statement that is not YAML',
    ]);
  });

  const shared = sharedFolder();
  test.skipIf(shared === undefined)('the real ones: pairs for two hundred vulnerabilities', async () => {
    const found = await readStatementArtifacts(join(shared!, 'data', 'project-kb'), () => undefined);
    expect(new Set(found.flatMap((pair) => pair.cve)).size).toBeGreaterThanOrEqual(200);
    expect(found.every((pair) => compareMavenVersions(pair.vulnerable!, pair.fixed) < 0)).toBe(true);
  });
});

describe("Maven's order of versions", () => {
  test('oldest first', () => {
    const ordered = [
      '1-alpha-1',
      '1.0-beta-2',
      '1.0-m3',
      '1.0-rc1',
      '1.0-SNAPSHOT',
      '1.0',
      '1.0-sp',
      '1.0-foo',
      '1.0-1',
      '1.0.1',
      '1.9',
      '1.10',
      '2.0.0.Beta1',
      '2.0.0.Final',
      '2.0.0.1',
      '20040616',
    ];
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) {
        expect([a, b, Math.sign(compareMavenVersions(a, b))]).toEqual([a, b, Math.sign(i - j)]);
      }
    }
  });

  test.each([
    ['1', '1.0.0'],
    ['1.0', '1.0.Final'],
    ['1.0-ga', '1'],
    ['1.0-RC2', '1.0-cr2'],
    ['1.0a1', '1.0-alpha-1'],
  ])('%s is %s', (a, b) => {
    expect(compareMavenVersions(a, b)).toBe(0);
  });
});
