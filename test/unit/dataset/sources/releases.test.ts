import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readZip } from '../../../../src/dataset/archives/zip-archive.ts';
import { openReleases } from '../../../../src/dataset/sources/advisories/open-advisories.ts';
import { MavenRegistry } from '../../../../src/dataset/sources/releases/maven-registry.ts';
import { NpmRegistry } from '../../../../src/dataset/sources/releases/npm-registry.ts';
import { PypiRegistry } from '../../../../src/dataset/sources/releases/pypi-registry.ts';
import { readSource } from '../../../support/read-source.ts';
import { zipBytes } from '../../../support/zip-writer.ts';

let folder: string;
let cacheDir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vultune-releases-'));
  cacheDir = join(folder, 'cache');
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'offered'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const code = (value: string) => expect.objectContaining({ code: value });
const offered = (name: string) => join(folder, 'offered', name);
const calls = (): string[][] =>
  existsSync(join(folder, 'calls'))
    ? readFileSync(join(folder, 'calls'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as string[])
    : [];

/** A program on the PATH (alone there) that notes its arguments, then does what `body` (JavaScript) says. */
function fake(program: string, body: string): void {
  vi.stubEnv('PATH', join(folder, 'bin'));
  const script = `#!${process.execPath}
const fs = require('node:fs'); const path = require('node:path');
const args = process.argv.slice(2);
fs.appendFileSync(${JSON.stringify(join(folder, 'calls'))}, JSON.stringify(args) + '\\n');
const offered = ${JSON.stringify(join(folder, 'offered'))};
${body}`;
  writeFileSync(join(folder, 'bin', program), script);
  chmodSync(join(folder, 'bin', program), 0o755);
}

/** Answers as the script does that pip's Python is given. */
const fakePip = () =>
  fake(
    'python3',
    `const [, , action, name, version, kind, target] = args;
const file = kind === 'wheel' ? name + '-' + version + '-py3-none-any.whl' : name + '-' + version + '.tar.gz';
if (action === 'fetch-all') {
  for (const [index, [of, release]] of JSON.parse(name).entries()) {
    const archive = of + '-' + release + '.tar.gz';
    fs.mkdirSync(path.join(kind, String(index)));
    if (!fs.existsSync(path.join(offered, archive))) continue;
    fs.copyFileSync(path.join(offered, archive), path.join(kind, String(index), archive));
    console.log(JSON.stringify({ file: archive, index }));
  }
} else if (action === 'list') console.log(JSON.stringify({ versions: ['0.9', '1.9', '1.10', '2.0'] }));
else if (!fs.existsSync(path.join(offered, file))) console.log('{"problem": "missing"}');
else { fs.copyFileSync(path.join(offered, file), path.join(target, file)); console.log(JSON.stringify({ file })); }`,
  );

/** Copies what the project file asks for. */
const fakeMaven = () =>
  fake(
    'mvn',
    `const pom = fs.readFileSync(args[args.indexOf('-f') + 1], 'utf8');
for (const [, group, artifact, version, target] of pom.matchAll(/<artifactItem><groupId>(.*?)<\\/groupId><artifactId>(.*?)<\\/artifactId><version>(.*?)<.*?<outputDirectory>(.*?)</g)) {
  fs.mkdirSync(target, { recursive: true });
  const file = artifact + '-' + version + '-sources.jar';
  if (!fs.existsSync(path.join(offered, file))) { console.log('[ERROR] Could not find artifact ' + group + ':' + artifact); process.exit(1); }
  fs.copyFileSync(path.join(offered, file), path.join(target, file));
}`,
  );

/** A source distribution: everything in one folder NAME-VERSION. */
function offerSdist(name: string, version: string, files: Readonly<Record<string, string>>): void {
  const top = `${name}-${version}`;
  for (const [path, text] of Object.entries({
    ...files,
    'PKG-INFO': `Metadata-Version: 1.0\nName: ${name}\nVersion: ${version}\n`,
  })) {
    mkdirSync(dirname(join(folder, top, path)), { recursive: true });
    writeFileSync(join(folder, top, path), text);
  }
  create({ file: offered(`${top}.tar.gz`), gzip: true, cwd: folder, sync: true }, [top]);
}

async function read(ecosystem: 'pypi' | 'maven', ...facts: object[]) {
  writeFileSync(join(folder, 'facts.jsonl'), facts.map((line) => JSON.stringify(line)).join('\n'));
  return await readSource(await openReleases(ecosystem, join(folder, 'facts.jsonl')), cacheDir);
}

// JavaScript stands for every language here: which are read is not the registries' business.
const OLD = {
  'src/a.js': 'a();\n',
  'src/same.js': 'same();\n',
  'src/gone.js': 'gone();\n',
  'notes.txt': 'x',
};
const NEW = {
  'src/a.js': 'a(1);\n',
  'src/same.js': 'same();\n',
  'src/new.js': 'fresh();\n',
  'notes.txt': 'y',
};
const CHANGES = [
  { path: 'src/a.js', before: 'a();\n', after: 'a(1);\n' },
  { path: 'src/gone.js', before: 'gone();\n', after: undefined },
  { path: 'src/new.js', before: undefined, after: 'fresh();\n' },
];

describe('Python releases', () => {
  test('what differs between two source distributions; fetched once', async () => {
    fakePip();
    offerSdist('shop', '1.9', OLD);
    offerSdist('shop', '1.10', NEW);
    const fact = {
      package: 'shop',
      vulnerable: '1.9',
      fixed: '1.10',
      cve: 'CVE-1-1',
      cwe: ['CWE-79'],
      date: '2020-01-02',
    };
    const { units, left } = await read('pypi', fact, { ...fact, cve: 'CVE-1-2' });
    expect(units).toEqual([
      {
        key: 'pypi:shop@1.9...1.10',
        facts: {
          project: 'shop',
          commit: '1.9...1.10',
          date: '2020-01-02',
          cve: ['CVE-1-1', 'CVE-1-2'],
          cwe: ['CWE-79'],
        },
        files: CHANGES,
      },
    ]);
    expect(left).toEqual({ 'same releases named by several advisories': 1 });
    expect(calls().map((args) => args.slice(2, 6))).toEqual([
      ['fetch', 'shop', '1.9', 'sdist'],
      ['fetch', 'shop', '1.10', 'sdist'],
    ]);
    expect((await read('pypi', fact)).units[0]!.files).toEqual(CHANGES);
    expect(calls()).toHaveLength(2);
  });

  test("the last vulnerable release is the one before the fix, in the index's order", async () => {
    fakePip();
    offerSdist('shop', '1.9', OLD);
    offerSdist('shop', '1.10', NEW);
    const { units, left } = await read(
      'pypi',
      { package: 'shop', fixed: '1.10', introduced: '0' },
      { package: 'shop', fixed: '0.9' },
      { package: 'shop', fixed: '1.9', introduced: '1.10' },
    );
    expect(units.map((unit) => unit.key)).toEqual(['pypi:shop@1.9...1.10']);
    expect(left).toEqual({ 'advisory: last vulnerable release not known': 2 });
    expect(calls().filter((args) => args[2] === 'list')).toHaveLength(1);
  });

  test('a release without a source distribution: wheels on both sides', async () => {
    fakePip();
    offerSdist('shop', '1.9', { 'setup.js': 'other();' });
    writeFileSync(offered('shop-1.9-py3-none-any.whl'), zipBytes(OLD));
    writeFileSync(offered('shop-1.10-py3-none-any.whl'), zipBytes(NEW));
    const { units } = await read('pypi', { package: 'shop', vulnerable: '1.9', fixed: '1.10' });
    expect(units[0]!.files).toEqual(CHANGES);
  });

  test('many releases: one start of Python; what it does not have is asked for by itself', async () => {
    fakePip();
    for (const version of ['1.8', '1.9', '1.10']) offerSdist('shop', version, version === '1.10' ? NEW : OLD);
    const pair = (vulnerable: string, fixed: string) => ({ package: 'shop', vulnerable, fixed });
    const { units, left } = await read('pypi', pair('1.8', '1.9'), pair('1.9', '1.10'), pair('1.10', '1.11'));
    expect(units.map(({ files }) => files)).toEqual([[], CHANGES, []]);
    expect(left).toEqual({ 'release not in the registry': 1 });
    const [many, ...single] = calls().map((args) => args.slice(2));
    expect(many!.slice(0, 3)).toEqual([
      'fetch-all',
      '[["shop","1.8"],["shop","1.9"],["shop","1.10"],["shop","1.11"]]',
      'sdist',
    ]);
    expect(single.map((args) => args.slice(0, 4))).toEqual([
      ['fetch', 'shop', '1.11', 'sdist'],
      ['fetch', 'shop', '1.10', 'wheel'],
    ]);
  });

  test('not in the index: counted. Not reached: an error', async () => {
    fakePip();
    const fact = { package: 'shop', vulnerable: '1.9', fixed: '1.10' };
    expect(await read('pypi', fact)).toMatchObject({
      units: [{ files: [] }],
      left: { 'release not in the registry': 1 },
    });
    fake(
      'python3',
      `console.error('WARNING:urllib3:Retrying (Retry(total=0'); console.log('{"problem": "missing"}')`,
    );
    await expect(read('pypi', fact)).rejects.toEqual(code('REGISTRY_UNREACHABLE'));
    fake('python3', `console.error('TypeError: no such method'); process.exit(1)`);
    await expect(read('pypi', fact)).rejects.toMatchObject({
      code: 'PIP_FAILED',
      message: expect.stringContaining('TypeError'),
    });
    fake('python3', `console.log('{"problem": "hash"}')`);
    await expect(read('pypi', fact)).rejects.toEqual(code('RELEASE_DAMAGED'));
    vi.stubEnv('PATH', join(folder, 'offered'));
    await expect(read('pypi', fact)).rejects.toEqual(code('PIP_MISSING'));
  });

  test('with the real pip: found through its configuration, and no line of the release is run', async () => {
    try {
      execFileSync('python3', ['-m', 'pip', '--version'], { stdio: 'pipe' });
    } catch {
      console.warn('skipped: no python3 with pip');
      return;
    }
    vi.stubEnv('PIP_NO_INDEX', '1');
    vi.stubEnv('PIP_FIND_LINKS', join(folder, 'offered'));
    const evil = { 'setup.py': `open(${JSON.stringify(join(folder, 'ran'))}, 'w')` };
    offerSdist('vultune-shop', '1.9', { ...OLD, ...evil });
    offerSdist('vultune-shop', '1.10', { ...NEW, ...evil, 'setup.js': 'x();\n' });
    const { units, left } = await read('pypi', { package: 'Vultune_Shop', fixed: '1.10' });
    expect(units[0]!.key).toBe('pypi:vultune-shop@1.9...1.10');
    expect(units[0]!.files).toEqual([{ path: 'setup.js', before: undefined, after: 'x();\n' }, ...CHANGES]);
    expect(left).toEqual({});
    offerSdist('vultune-shop', '2.0', OLD);
    const pair = (vulnerable: string, fixed: string) => ({ package: 'vultune-shop', vulnerable, fixed });
    cacheDir = join(folder, 'cache of many');
    const many = await read('pypi', pair('1.9', '1.10'), pair('1.10', '2.0'), pair('2.0', '3.0'));
    expect(many.units[0]!.files).toEqual(units[0]!.files);
    expect(many.left).toEqual({ 'release not in the registry': 1 });
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });
});

describe('Maven releases', () => {
  test('what differs between two source jars, fetched at once', async () => {
    fakeMaven();
    writeFileSync(offered('shop-1.9-sources.jar'), zipBytes(OLD));
    writeFileSync(offered('shop-1.10-sources.jar'), zipBytes(NEW));
    const fact = { package: 'org.example:shop', vulnerable: '1.9', fixed: '1.10', cve: 'CVE-1-1' };
    const { units, left } = await read('maven', fact);
    expect(units).toEqual([
      {
        key: 'maven:org.example:shop@1.9...1.10',
        facts: { project: 'org.example:shop', commit: '1.9...1.10', cve: ['CVE-1-1'] },
        files: CHANGES,
      },
    ]);
    expect(left).toEqual({});
    expect(calls()).toHaveLength(1);
    expect((await read('maven', fact)).units[0]!.files).toEqual(CHANGES);
    expect(calls()).toHaveLength(1);
  });

  test("project-kb's statements: only files that the fix commits changed", async () => {
    fakeMaven();
    writeFileSync(
      offered('shop-1.9-sources.jar'),
      zipBytes({ 'org/a.js': 'a();', 'org/b.js': 'b();', 'a.js': 'x();' }),
    );
    writeFileSync(
      offered('shop-1.10-sources.jar'),
      zipBytes({ 'org/a.js': 'a(1);', 'org/b.js': 'b(1);', 'a.js': 'y();' }),
    );
    const statement = join(folder, 'statements', 'CVE-1');
    for (const [side, text] of [
      ['before', 'old'],
      ['after', 'new'],
    ] as const) {
      const path = join(statement, 'c0ffee', side, 'core/src/main/java/org/a.js');
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    create({ file: join(statement, 'changed-source-code.tar.gz'), gzip: true, cwd: statement, sync: true }, [
      'c0ffee',
    ]);
    const artifact = (version: string, affected: boolean) =>
      `- id: pkg:maven/org.example/shop@${version}\n  affected: ${affected}\n`;
    const yaml = `vulnerability_id: CVE-2020-1\nartifacts:\n${artifact('1.10', false)}${artifact('1.9', true)}`;
    writeFileSync(join(statement, 'statement.yaml'), yaml);
    const { units } = await readSource(await openReleases('maven', folder), cacheDir);
    expect(units.map((unit) => [unit.facts, unit.files])).toEqual([
      [
        { project: 'org.example:shop', commit: '1.9...1.10', cve: ['CVE-2020-1'] },
        [{ path: 'org/a.js', before: 'a();', after: 'a(1);' }],
      ],
    ]);
    expect(units[0]!.key).toMatch(/^maven:org\.example:shop@1\.9\.\.\.1\.10#[0-9a-f]{16}$/);
  });

  test('many artifacts in one run; where one is not there, each pair in its own', async () => {
    fakeMaven();
    for (const name of ['shop-1.9', 'till-1.9']) writeFileSync(offered(`${name}-sources.jar`), zipBytes(OLD));
    for (const name of ['shop-1.10', 'till-1.10'])
      writeFileSync(offered(`${name}-sources.jar`), zipBytes(NEW));
    const pair = (name: string, fixed = '1.10') => ({
      package: `org.example:${name}`,
      vulnerable: '1.9',
      fixed,
    });
    const both = await read('maven', pair('shop'), pair('till'));
    expect(both.units.map(({ files }) => files)).toEqual([CHANGES, CHANGES]);
    expect(calls()).toHaveLength(1);
    cacheDir = join(folder, 'another cache');
    const lacking = await read('maven', pair('shop'), pair('till', '1.11'));
    expect(lacking.units.map(({ files }) => files)).toEqual([CHANGES, []]);
    expect(lacking.left).toEqual({ 'release not in the registry': 1 });
    expect(calls()).toHaveLength(4);
  });

  test('no sources: counted. Not reached, or no mvn: an error', async () => {
    fakeMaven();
    const fact = { package: 'org.example:shop', vulnerable: '1.9', fixed: '1.10' };
    expect(await read('maven', fact)).toMatchObject({
      units: [{ files: [] }],
      left: { 'release not in the registry': 1 },
    });
    fake('mvn', `console.log('[ERROR] Could not transfer artifact x: Unknown host'); process.exit(1)`);
    await expect(read('maven', fact)).rejects.toEqual(code('REGISTRY_UNREACHABLE'));
    fake('mvn', `console.log('[ERROR] JAVA_HOME'); process.exit(1)`);
    await expect(read('maven', fact)).rejects.toEqual(code('MAVEN_FAILED'));
    vi.stubEnv('PATH', join(folder, 'offered'));
    await expect(read('maven', fact)).rejects.toEqual(code('MAVEN_MISSING'));
  });

  test('a damaged jar gives nothing: half a release would look like deleted files', async () => {
    fakeMaven();
    const jar = zipBytes(OLD);
    jar.fill(0xff, 40, 60);
    writeFileSync(offered('shop-1.9-sources.jar'), jar);
    writeFileSync(offered('shop-1.10-sources.jar'), zipBytes(NEW));
    const { units, left } = await read('maven', {
      package: 'org.example:shop',
      vulnerable: '1.9',
      fixed: '1.10',
    });
    expect(units[0]!.files).toEqual([]);
    expect(left).toEqual({ 'archive that is damaged': 1 });
  });
});

describe('what no client is ever asked for', () => {
  const [npm, pypi, maven] = [new NpmRegistry(), new PypiRegistry(), new MavenRegistry()];
  test.each(['-x', '--index-url=x', '../x', '/etc', 'a b', 'a;b', 'a<b', 'https://h/x', 'a@b', '', 'a\nb'])(
    '%j',
    (text) => {
      for (const registry of [npm, pypi, maven]) {
        expect(registry.isPackage(text)).toBe(false);
        expect(registry.isPackage(`g:${text}`)).toBe(false);
        expect(registry.isVersion(text)).toBe(false);
      }
    },
  );
  test.each(['latest', '>=1', '^1.0', '[1,2)', 'git+ssh://x', 'file:x', 'RELEASE'])('version %s', (text) => {
    for (const registry of [npm, pypi, maven]) expect(registry.isVersion(text)).toBe(false);
  });
  test('ranges that look like versions', () => {
    for (const registry of [npm, pypi]) expect(registry.isVersion('1.x')).toBe(false);
    expect(pypi.isVersion(`1${'a'.repeat(5000)}!`)).toBe(false);
  });
  test('what they are asked for', () => {
    expect(['left-pad', '@scope/name', 'JSONStream'].every((name) => npm.isPackage(name))).toBe(true);
    expect(
      ['1.0', '2!1.0rc1', '1.0.post1', '1.0.dev3', '2020.1b2', '1.0+local.1'].every((v) => pypi.isVersion(v)),
    ).toBe(true);
    expect(
      ['1.2.3.RELEASE', '4.1.0.Final', '1.0-rc-2', '20040616', 'r09'].every((v) => maven.isVersion(v)),
    ).toBe(true);
  });

  test('names that none may have are counted before a client starts', async () => {
    fakeMaven();
    const { units, left } = await read(
      'maven',
      { package: '-Dx:y', vulnerable: '1', fixed: '2' },
      { package: 'g:a', vulnerable: '1</version>', fixed: '2' },
      { package: 'g:a', vulnerable: '2', fixed: '2' },
    );
    expect(units).toEqual([]);
    expect(calls()).toEqual([]);
    expect(left).toEqual({
      'advisory: no name of a package': 1,
      'advisory: no exact version': 1,
      'advisory: vulnerable in the fixed release': 1,
    });
  });
});

describe('zip archives', () => {
  async function readAll(bytes: Uint8Array, limits = { fileBytes: 100, totalBytes: 250 }) {
    writeFileSync(join(folder, 'x.zip'), bytes);
    const files: Record<string, string> = {};
    const problems: string[] = [];
    const onFile = (path: string, content: Buffer) => {
      files[path] = content.toString();
    };
    const onProblem = (problem: string) => problems.push(problem);
    await readZip(
      join(folder, 'x.zip'),
      { wants: (path) => path.endsWith('.js'), onFile, onProblem },
      { limits },
    );
    return { files, problems };
  }

  test('large files are passed over; past the sum nothing more is read', async () => {
    const big = 'x'.repeat(101);
    const full = 'y'.repeat(100);
    expect(await readAll(zipBytes({ 'big.js': big, 'a.js': 'a', 'skip.bin': big.repeat(50) }))).toEqual({
      files: { 'a.js': 'a' },
      problems: ['file over the size limit'],
    });
    const { files, problems } = await readAll(
      zipBytes({ '1.js': full, '2.js': full, '3.js': full, '4.js': 'z' }),
    );
    expect([Object.keys(files), problems]).toEqual([['1.js', '2.js'], ['archive that unpacks to too much']]);
  });

  test('a bomb that lies about its size is held to it', async () => {
    const zip = zipBytes({ 'a.js': 'x'.repeat(1e6) });
    // The sizes in the entry and in the directory say 10 bytes.
    for (const [mark, at] of [
      ['PK\x03\x04', 22],
      ['PK\x01\x02', 24],
    ] as const) {
      zip.writeUInt32LE(10, zip.indexOf(Buffer.from(mark, 'latin1')) + at);
    }
    expect(await readAll(zip)).toEqual({ files: {}, problems: ['archive that is damaged'] });
  });

  test.each(['../x.js', '/x.js', 'a/../../x.js'])('a path out of the archive: %s', async (path) => {
    const { files, problems } = await readAll(zipBytes({ [path]: 'x' }));
    expect([files, problems]).toEqual([{}, ['archive entry with a path out of the archive']]);
  });

  test('no archive at all', async () => {
    expect((await readAll(Buffer.from('hello'))).problems).toEqual(['archive that is damaged']);
  });
});
