/** @file A repository of Java, from commits to records: the whole way that `vultune data build git` goes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildDataset } from '../../../../src/dataset/builder/build-dataset.ts';
import { openFixList, openOneRepository } from '../../../../src/dataset/sources/git/open-git.ts';
import { TestRepository } from '../../../support/git-repository.ts';

const shop = (check: string, overload: string, newline = '\n') =>
  [
    'package shop;',
    'class Shop {',
    "  // the café's till",
    '  static class Till {',
    '    int open(String who) {',
    `      ${check}`,
    '      return drawers.get(who).unlock(7);',
    '    }',
    '  }',
    '  int price(int item) { return table.get(item) * rate + 1; }',
    '  int price(String item) {',
    `    ${overload}`,
    '  }',
    '}',
    '',
  ].join(newline);

let folder: string;
let repository: TestRepository;
const hashes: Record<string, string> = {};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-git-build-'));
  repository = new TestRepository(join(folder, 'shop'));
  const commit = (name: string, files: Record<string, string | Uint8Array>) => {
    hashes[name] = repository.commit(name, files);
  };
  const latin1 = (text: string) => Buffer.from(text, 'latin1');
  const [loose, tight] = ['log(who);', 'if (!allowed(who)) throw new Denied(who);'];
  const [raw, bound] = ['return query("select " + item);', 'return query("select ?", item);'];
  commit('start', { 'src/Shop.java': latin1(shop(loose, raw, '\r\n')) });
  commit('fix CVE-2020-1111', { 'src/Shop.java': latin1(shop(tight, raw, '\r\n')) });
  repository.git('mv', 'src/Shop.java', 'src/Store.java');
  commit('fix CVE-2020-2222, moved', { 'src/Store.java': latin1(shop(tight, bound, '\r\n')) });
  commit('fix CVE-2020-3333: layout alone', { 'src/Store.java': latin1(shop(tight, bound)) });
  commit('fix CVE-2020-4444: a test', { 'src/test/java/ShopTest.java': shop(loose, raw) });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function build(name: string, strict = true) {
  const outDir = join(folder, name);
  const source = openOneRepository('git', { repository: repository.path, fixes: 'CVE-' });
  const fractions = { train: 1, valid: 0, test: 0 };
  const cacheDir = join(folder, `${name}-cache`);
  await buildDataset({ sources: [source], outDir, cacheDir, fractions, strict, threads: 1 });
  const lines = readFileSync(join(outDir, 'train.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a repository of Java', () => {
  test('exactly the functions of its fixes', async () => {
    const records = await build('strict');
    const labelled = records
      .filter((record) => record.set !== 'P3')
      .map(({ cve, commit, date, path, qualified_name, set, target }) => ({
        cve,
        commit,
        date,
        path,
        qualified_name,
        set,
        target,
      }));
    const nested = {
      cve: 'CVE-2020-1111',
      commit: hashes['fix CVE-2020-1111'],
      date: '2020-01-02',
      path: 'src/Shop.java',
    };
    const overload = { cve: 'CVE-2020-2222', commit: hashes['fix CVE-2020-2222, moved'], date: '2020-01-03' };
    expect(labelled).toEqual([
      {
        ...overload,
        path: 'src/Shop.java',
        qualified_name: expect.stringContaining('price'),
        set: 'P1',
        target: 1,
      },
      {
        ...overload,
        path: 'src/Store.java',
        qualified_name: expect.stringContaining('price'),
        set: 'P2',
        target: 0,
      },
      { ...nested, qualified_name: expect.stringContaining('Till.open'), set: 'P1', target: 1 },
      { ...nested, qualified_name: expect.stringContaining('Till.open'), set: 'P2', target: 0 },
    ]);
    const codeOf = (set: string, cve: string) =>
      records.find((record) => record.set === set && record.cve === cve)?.code;
    expect(codeOf('P1', 'CVE-2020-2222')).toContain('"select " + item');
    expect(codeOf('P2', 'CVE-2020-1111')).toContain('\r\n      if (!allowed(who))');
  });

  test('dataset.json says how far the history went', async () => {
    await build('dated');
    const { sources } = JSON.parse(readFileSync(join(folder, 'dated', 'dataset.json'), 'utf8'));
    const newest = hashes['fix CVE-2020-4444: a test'];
    expect(sources).toEqual([expect.objectContaining({ version: `messages: CVE-, up to ${newest}` })]);
  });

  test('the same command gives the same bytes', async () => {
    await build('once');
    await build('twice');
    for (const name of ['train.jsonl', 'dataset.json', 'README.md']) {
      expect(readFileSync(join(folder, 'twice', name), 'utf8')).toBe(
        readFileSync(join(folder, 'once', name), 'utf8'),
      );
    }
  });
});

describe('a list with a merge, a deletion, and two fixes in one commit', () => {
  const depot = (store: string, load: string, take: string) =>
    `class Depot {\n  void store(String path) { ${store} }\n  Object load(String key) { ${load} }\n` +
    `  class Shelf { Object take(int at) { ${take} } }\n}\n`;
  const [loose, tight] = ['disk.write(root + path, data);', 'disk.write(root.inside(path), data);'];
  const [raw, bound] = ['return rows.find("key=" + key);', 'return rows.find("key=?", key);'];
  const [open, closed] = ['return items[at].value;', 'return at < items.length ? items[at].value : null;'];
  const commits: Record<string, string> = {};
  let list: string;
  beforeAll(() => {
    const depots = new TestRepository(join(folder, 'depot'));
    depots.commit('start', { 'Depot.java': depot(loose, raw, open), 'Old.java': depot(raw, loose, open) });
    commits.two = depots.commit('two fixes', { 'Depot.java': depot(tight, bound, open) });
    depots.git('checkout', '--quiet', '-b', 'side');
    depots.commit('on a branch', { 'Depot.java': depot(tight, bound, closed) });
    depots.git('checkout', '--quiet', 'main');
    depots.git('merge', '--quiet', '--no-ff', '-m', 'merged', 'side');
    commits.merge = depots.git('rev-parse', 'HEAD');
    depots.remove('Old.java');
    commits.deletion = depots.commit('gone');
    list = join(folder, 'fixes.csv');
    const rows = [
      `depot,${commits.two},CVE-2021-0001,CWE-22`,
      `depot,${commits.two},CVE-2021-0002,CWE-89`,
      `depot,${commits.merge},CVE-2021-0003,CWE-125`,
      `depot,${commits.deletion},CVE-2021-0004,`,
    ];
    writeFileSync(list, ['repository,fix_commit,cve,cwe', ...rows, ''].join('\n'));
  });

  async function labelled(name: string, given: Record<string, string> = {}) {
    const sources = [await openFixList('git', list, given)];
    const [outDir, cacheDir] = [join(folder, name), join(folder, `${name}-cache`)];
    const fractions = { train: 1, valid: 0, test: 0 };
    const { info } = await buildDataset({ sources, outDir, cacheDir, fractions, strict: false, threads: 1 });
    const lines = readFileSync(join(outDir, 'train.jsonl'), 'utf8').trim().split('\n');
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const fixes = records.filter(({ set }) => set !== 'P3');
    return {
      info,
      fixes: fixes.map(({ set, qualified_name, cves, cve, cwe }) => [set, qualified_name, cves ?? cve, cwe]),
    };
  }

  const both = [
    ['CVE-2021-0001', 'CVE-2021-0002'],
    ['CWE-22', 'CWE-89'],
  ];
  const two = ['Depot.store', 'Depot.load'].flatMap((name) => [
    ['P1', name, ...both],
    ['P2', name, ...both],
  ]);

  test('both functions name both; the merge and the deletion are counted', async () => {
    const { fixes, info } = await labelled('depot-skip', { merges: 'skip' });
    expect(fixes).toEqual(two);
    expect(info.counts.input).toEqual({ 'list: same commit again': 1, 'merge commit': 1 });
    expect(info.counts.fixes).toEqual({ kept: 1, 'functions only removed': 1 });
  });

  test.each([{}, { merges: 'first-parent' }])(
    'a merge that is listed, against its first parent: %o',
    async (given) => {
      const { fixes } = await labelled(`depot-merge-${given.merges}`, given as Record<string, string>);
      const take = ['Depot.Shelf.take', 'CVE-2021-0003', ['CWE-125']];
      expect(fixes).toEqual([...two, ['P1', ...take], ['P2', ...take]]);
    },
  );
});
