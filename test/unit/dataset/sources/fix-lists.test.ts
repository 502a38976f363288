import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readFixList } from '../../../../src/dataset/sources/git/fix-list.ts';
import { openFixList, openOneRepository } from '../../../../src/dataset/sources/git/open-git.ts';
import { parseRepository } from '../../../../src/dataset/sources/git/repository-address.ts';
import { gitEnvironment } from '../../../../src/git/run-git.ts';
import { withoutSecrets } from '../../../../src/git/without-secrets.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-lists-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const code = (value: string) => expect.objectContaining({ code: value });
const A = 'a'.repeat(40);

async function read(text: string, name = 'list.csv') {
  const path = join(folder, name);
  writeFileSync(path, text);
  const broken: string[] = [];
  const rows = [];
  for await (const row of readFixList(path, (reason, line) => broken.push(`${line}: ${reason}`)))
    rows.push(row);
  return { rows, broken };
}

describe('lists of fixes', () => {
  test.each([
    ['ours', `repository,commit,cve,cwe\nhttps://h/o/n,${A},CVE-1-1,CWE-79\n`],
    [
      'other names, order and line ends',
      `\ufeffCWE_ID;x,Fix Commit,"CVE ID",Repo_URL\r\nCWE-79,${A},cve-1-1,https://h/o/n\r\n`,
    ],
    ['a link to the commit', `cve,commit,cwe\nCVE-1-1,https://h/o/n/commit/${A},79\n`],
    [
      'JSON lines',
      `{"repository":"https://h/o/n","fix_commit":"${A.toUpperCase()}","cve":["CVE-1-1"],"cwe":79}\n`,
      'l.jsonl',
    ],
  ])('%s', async (_case, text, name?: string) => {
    const { rows, broken } = await read(text.replace('CWE_ID;x', 'CWE_ID'), name);
    expect(rows.map(({ line: _line, ...row }) => row)).toEqual([
      { repository: 'https://h/o/n', commit: A, cve: ['CVE-1-1'], cwe: ['CWE-79'] },
    ]);
    expect(broken).toEqual([]);
  });

  test("VCMatch's columns, owner and name apart", async () => {
    const { rows } = await read(`cve,owner,repo,commit\nCVE-1-1,apache,tomcat,${A}\n`);
    expect(rows[0]!.repository).toMatch(/^https:\/\/[^/]+\/apache\/tomcat$/);
  });

  test("project-kb's older list: no header, and commits that are no fixes", async () => {
    const { rows } = await read(
      `CVE-1-1,https://h/o/n,${A},pos\nCVE-1-2,https://h/o/n,${'b'.repeat(40)},neg\n`,
    );
    expect(rows.map((row) => [row.commit, row.cve])).toEqual([[A, ['CVE-1-1']]]);
  });

  test('a label of 0 is no fix', async () => {
    const { rows } = await read(
      `cve,owner,repo,commit,label\nCVE-1-1,o,n,${A},0\nCVE-1-1,o,n,${'b'.repeat(40)},1\n`,
    );
    expect(rows.map((row) => row.commit)).toEqual(['b'.repeat(40)]);
  });

  test('several CVEs in one field', async () => {
    const { rows } = await read(
      `repo,commit,cve,cwe\nr,${A},"CVE-1-1, CVE-1-2;CVE-1-1","['CWE-20', 'CWE-79']"\n`,
    );
    expect([rows[0]!.cve, rows[0]!.cwe]).toEqual([
      ['CVE-1-1', 'CVE-1-2'],
      ['CWE-20', 'CWE-79'],
    ]);
  });

  test('rows that are none are told with their line', async () => {
    const options = ['--upload-pack=x', 'HEAD', 'abc', '$(id)', `${A};id`];
    const { rows, broken } = await read(
      `repo,commit\n,${A}\n${options.map((hash) => `r,${hash}\n`).join('')}`,
    );
    expect(rows).toEqual([]);
    expect(broken[0]).toBe('2: list: row without a repository');
    expect(broken.slice(1)).toEqual(options.map((_hash, i) => `${i + 3}: list: row without a commit hash`));
    expect((await read('[1]\nnull\n{"a":\n', 'l.jsonl')).broken).toHaveLength(3);
  });

  test('lists that are none', async () => {
    await expect(read('a,b\n1,2\n')).rejects.toEqual(code('FIX_LIST_COLUMNS'));
    await expect(readFixList(join(folder, 'no.csv'), () => undefined).next()).rejects.toEqual(
      code('FILE_MISSING'),
    );
    await expect(read(`repo,commit\n"${'x'.repeat(3e6)}`)).rejects.toEqual(code('FIX_LIST_BROKEN'));
    const open = (text: string) => {
      writeFileSync(join(folder, 'l.csv'), text);
      return openFixList('git', join(folder, 'l.csv'), {});
    };
    await expect(open('repo,commit\n')).rejects.toEqual(code('FIX_LIST_EMPTY'));
    await expect(open(`repo,commit\next::sh,${A}\n`)).rejects.toEqual(code('GIT_REPOSITORY_REFUSED'));
  });

  test('options are checked', async () => {
    expect(() => openOneRepository('git', { repository: '.' })).toThrow(code('SOURCE_OPTION'));
    expect(() => openOneRepository('git', { repository: '.', fixes: '(' })).toThrow(code('SOURCE_OPTION'));
    expect(() => openOneRepository('git', { repository: '-x', fixes: 'y' })).toThrow(
      code('GIT_REPOSITORY_REFUSED'),
    );
    await expect(openFixList('git', undefined, {})).rejects.toEqual(code('SOURCE_LOCATION'));
    await expect(openFixList('git', 'x', { clones: '0' })).rejects.toEqual(code('SOURCE_OPTION'));
    await expect(openFixList('git', 'x', { merges: 'all' })).rejects.toEqual(code('SOURCE_OPTION'));
  });
});

describe('addresses of repositories', () => {
  test.each([
    '-oProxyCommand=touch x',
    '--upload-pack=touch x',
    'ext::sh -c "touch x"',
    'fd::17',
    'HTTPS::https://h/x',
    'gopher://h/o/n',
    'ssh://-oProxyCommand=x/o/n',
    'https://h/o\nn',
    '',
  ])('refused: %j', (text) => {
    expect(() => parseRepository(text, '/lists')).toThrow(code('GIT_REPOSITORY_REFUSED'));
  });

  test.each([
    'https://Host.example/o/n',
    'https://host.example/o/n.git',
    'http://host.example/o/n/',
    'https://host.example/o/n.git/',
    'git@host.example:o/n.git',
    'git://host.example/o/n#readme',
  ])('one identity: %s', (text) => {
    const { identity, project, kind } = parseRepository(text, '/lists');
    expect({ identity, project, kind }).toEqual({
      identity: 'host.example/o/n',
      project: 'o/n',
      kind: 'remote',
    });
  });

  test('paths start from the folder of the list', () => {
    expect(parseRepository('../shop.git', '/lists/mine')).toEqual({
      kind: 'local',
      location: '/lists/shop.git',
      identity: '/lists/shop.git',
      project: 'shop',
    });
  });

  test('a password goes to git in its environment, and nowhere else', () => {
    const address = parseRepository('https://me:s3cret@host.example/o/n', '/');
    const { credentials, ...shown } = address;
    expect(JSON.stringify(shown)).not.toContain('s3cret');
    expect(credentials).toBe('me:s3cret');
    expect(gitEnvironment({ path: folder, remote: address })).toMatchObject({
      GIT_CONFIG_KEY_0: 'url.https://me:s3cret@host.example/.insteadOf',
      GIT_CONFIG_VALUE_0: 'https://host.example/',
      GIT_ALLOW_PROTOCOL: 'https',
    });
    expect(withoutSecrets("fatal: 'https://me:s3cret@host.example/o/n' not found")).not.toContain('s3cret');
    const refused = () => parseRepository('gopher://me:s3cret@host/x', '/');
    expect(refused).toThrow(expect.not.objectContaining({ message: expect.stringContaining('s3cret') }));
  });
});
