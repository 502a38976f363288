/** @file npm's releases from a registry on this machine, through npm's client, to the records of a build. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NAMED_RELEASES } from '../../../../src/dataset/builder/named-releases.ts';
import { openReleases } from '../../../../src/dataset/sources/advisories/open-advisories.ts';
import { compareNpmVersions } from '../../../../src/dataset/sources/releases/npm-version.ts';
import { build, readBuilt } from '../../../support/fix-source.ts';

let folder: string;
let server: Server;
/** Paths that the client asked for. */
let asked: string[] = [];
/** Answered instead of what is there. */
let status: number | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-npm-registry-'));
  mkdirSync(join(folder, 'offered'));
  [asked, status] = [[], undefined];
  server = createServer((request, response) => {
    const name = decodeURIComponent(request.url!.slice(1));
    asked.push(name);
    const bytes = status === undefined ? answer(name) : undefined;
    response.statusCode = status ?? (bytes === undefined ? 404 : 200);
    response.end(bytes ?? '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('npm_config_registry', address());
  vi.stubEnv('npm_config_cache', join(folder, 'npm'));
  vi.stubEnv('npm_config_fetch_retries', '0');
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function answer(name: string): Buffer | undefined {
  const files = readdirSync(join(folder, 'offered'));
  if (files.includes(name)) return readFileSync(join(folder, 'offered', name));
  const own = files.filter((file) => file.startsWith(`${name}-`));
  if (own.length === 0) return undefined;
  const versions = own.map((file) => {
    const version = file.slice(name.length + 1, -'.tgz'.length);
    const hash = createHash('sha512').update(readFileSync(join(folder, 'offered', file)));
    const dist = { tarball: `${address()}/${file}`, integrity: `sha512-${hash.digest('base64')}` };
    return [version, { name, version, dist }];
  });
  return Buffer.from(JSON.stringify({ name, 'dist-tags': {}, versions: Object.fromEntries(versions) }));
}

function offer(name: string, version: string, files: Readonly<Record<string, string>>): void {
  const top = join(folder, 'made', `${name}-${version}`);
  for (const [path, text] of Object.entries({
    'package.json': JSON.stringify({ name, version }),
    ...files,
  })) {
    mkdirSync(dirname(join(top, 'package', path)), { recursive: true });
    writeFileSync(join(top, 'package', path), text);
  }
  create({ file: join(folder, 'offered', `${name}-${version}.tgz`), gzip: true, cwd: top, sync: true }, [
    'package',
  ]);
}

const source = (check: string, n: number) =>
  `function merge${n}(a, b) {\n  ${check}\n  return Object.assign(a, b, ${n});\n}\nfunction other${n}(a) { return a + ${n} * a; }\nfunction also${n}(x) { ${check} return x; }\n`;

/** Package `p0`, `p1` ...: `merge` and `also` changed, `other` did not; the table names `merge`. */
function offerPackages(count: number): string {
  const lines = Array.from({ length: count }, (_, n) => {
    offer(`p${n}`, '1.0.0', { 'lib/a.js': source('log(a);', n), 'test/a.js': source('log(a);', n + 50) });
    offer(`p${n}`, '1.0.1', { 'lib/a.js': source('if (b.__proto__) return a;', n) });
    const functions = [{ file: 'lib/a.js', line: 1, end: 4, name: `merge${n}` }];
    return JSON.stringify({
      id: `CVE-2020-${n}`,
      package: `p${n}`,
      vulnerable: '1.0.0',
      fixed: '1.0.1',
      cwe: ['CWE-1321'],
      date: '2020-01-01',
      functions,
    });
  });
  return table(lines.join('\n'));
}

function table(text: string): string {
  writeFileSync(join(folder, 'facts.jsonl'), text);
  return join(folder, 'facts.jsonl');
}

describe("npm's releases as a source", () => {
  test('the named function before and after, and what is unchanged beside it; projects whole; tests left out', async () => {
    const sources = [await openReleases('npm', offerPackages(4))];
    const { info, records } = await build(folder, { ...NAMED_RELEASES, sources, ratio: 1 });
    const names = (set: string) =>
      new Set(records.flatMap((record) => (record.set === set ? [record.function_name] : [])));
    const merges = new Set(['merge0', 'merge1', 'merge2', 'merge3']);
    expect([names('P1'), names('P2')]).toEqual([merges, merges]);
    expect(names('P3')).toEqual(new Set(['other0', 'other1', 'other2', 'other3']));
    expect(records.find(({ function_name: name, set }) => name === 'merge2' && set === 'P1')).toMatchObject({
      project: 'p2',
      commit: '1.0.0...1.0.1',
      cve: 'CVE-2020-2',
      cwe: ['CWE-1321'],
      date: '2020-01-01',
      path: 'lib/a.js',
      start_line: 1,
    });
    expect(info.counts.changed).toEqual({ kept: 4, 'not named by an advisory': 4 });
    expect(info.counts.files).toMatchObject({ kept: 4, 'test file': 4 });
    const sides = new Map(records.map(({ project, split }) => [`${project} ${split}`, project]));
    expect(sides.size).toBe(4);
  });

  test('a function without a name is named by where it begins', async () => {
    const file = (check: string) =>
      `exports.quote = wrap(\n  function (xs) {\n    ${check}\n    return xs.join(xs);\n  });\n`;
    offer('q', '1.0.0', { 'a.js': file('log(xs);') });
    offer('q', '1.0.1', { 'a.js': file('if (!xs) return;') });
    const functions = [{ file: 'a.js', name: '<anonymous@a.js:2>', line: 2, end: 5 }];
    const fact = { package: 'q', vulnerable: '1.0.0', fixed: '1.0.1', cve: 'CVE-1-1', functions };
    const sources = [await openReleases('npm', table(JSON.stringify(fact)))];
    const { records } = await build(folder, { ...NAMED_RELEASES, sources });
    expect(records.map(({ set, start_line: line }) => `${set} at ${line}`).sort()).toEqual([
      'P1 at 2',
      'P2 at 2',
    ]);
  });

  test('a second build asks the registry for nothing and gives the same bytes', async () => {
    const path = offerPackages(2);
    const options = { ...NAMED_RELEASES, ratio: 1 };
    const first = await build(folder, { ...options, sources: [await openReleases('npm', path)] });
    const before = asked.length;
    expect(before).toBeGreaterThan(0);
    const again = await build(folder, { ...options, sources: [await openReleases('npm', path)] });
    expect(asked).toHaveLength(before);
    expect(again.bytes).toEqual(first.bytes);
    expect(readBuilt(join(folder, 'out')).bytes).toEqual(first.bytes);
  });

  test('a release that the registry does not have is left out and counted, the others go on', async () => {
    const path = offerPackages(3);
    rmSync(join(folder, 'offered', 'p1-1.0.1.tgz'));
    const { info, records } = await build(folder, {
      ...NAMED_RELEASES,
      sources: [await openReleases('npm', path)],
    });
    expect(new Set(records.map(({ project }) => project))).toEqual(new Set(['p0', 'p2']));
    expect(info.counts.files).toMatchObject({ 'release not in the registry': 1 });
  });

  test('a registry that has none of the releases: the reason is in the error', async () => {
    const sources = [await openReleases('npm', offerPackages(2))];
    status = 404;
    await expect(build(folder, { ...NAMED_RELEASES, sources })).rejects.toThrow(
      'release not in the registry: 2',
    );
  });

  test.each([401, 403, 503])('a registry that answers %i is told, with what to do', async (code) => {
    const sources = [await openReleases('npm', offerPackages(2))];
    status = code;
    await expect(build(folder, { ...NAMED_RELEASES, sources })).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      hint: expect.stringContaining('the same command'),
    });
  });

  test.each([
    ['an address instead of a name', { package: 'git+ssh://host/x' }, 'no name of a package'],
    ['a tag instead of a version', { package: 'p', vulnerable: 'latest' }, 'no exact version'],
    ['a file instead of a version', { package: 'p', fixed: 'file:../x' }, 'no exact version'],
  ])('%s is never asked for', async (_what, fact, reason) => {
    const path = table(JSON.stringify({ vulnerable: '1.0.0', fixed: '1.0.1', cve: 'CVE-1-1', ...fact }));
    const sources = [await openReleases('npm', path)];
    await expect(build(folder, { ...NAMED_RELEASES, sources })).rejects.toThrow(reason);
    expect(asked).toEqual([]);
  });

  test('exact versions have an order, pre-releases before their release', () => {
    const sorted = ['1.0.0-beta.2', '1.0.0-beta.10', '1.0.0', '1.0.2', '1.0.10', '1.10.0', '2.0.0'];
    expect([...sorted].reverse().sort(compareNpmVersions)).toEqual(sorted);
  });
});
