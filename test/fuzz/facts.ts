/** @file What others say of vulnerabilities and fixes: lists of commits, advisories, statements. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ChangeSource } from '../../src/dataset/source.ts';
import { openOsv, openReleases } from '../../src/dataset/sources/advisories/open-advisories.ts';
import { readFixList } from '../../src/dataset/sources/git/fix-list.ts';
import { groupByRepository } from '../../src/dataset/sources/git/git-source.ts';
import { openProjectKb } from '../../src/dataset/sources/project-kb/project-kb.ts';
import { zipBytes } from '../support/zip-writer.ts';
import { type FuzzTarget, fileTarget, texts } from './fuzz-target.ts';
import { changesTar } from './small-archives.ts';

const ignore = () => undefined;
const context = {
  tally: { add: ignore },
  signal: new AbortController().signal,
  onProgress: ignore,
  cacheDir: tmpdir(),
};

const HASH = 'abcdef0123456789abcdef0123456789abcdef01';
const FIX = {
  repository: 'https://host.org/a/b',
  commit: HASH,
  cve: ['CVE-2020-1'],
  cwe: 'CWE-79',
  class: 'pos',
};

async function readFixes(path: string): Promise<void> {
  const rows = [];
  for await (const row of readFixList(path, ignore)) rows.push(row);
  groupByRepository(rows, dirname(path), ignore);
}

const OSV = {
  id: 'GHSA-1',
  aliases: ['CVE-2020-1'],
  published: '2020-01-02T00:00:00Z',
  database_specific: { cwe_ids: ['CWE-79'] },
  affected: [
    {
      package: { name: 'left-pad', ecosystem: 'npm' },
      versions: ['1.0.0'],
      ranges: [
        { type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.0.1' }] },
        { type: 'GIT', repo: 'https://host.org/a/b', events: [{ introduced: '0' }, { fixed: HASH }] },
      ],
    },
    {
      package: { name: 'org.a:b', ecosystem: 'Maven' },
      ranges: [{ type: 'ECOSYSTEM', events: [{ fixed: '2' }] }],
    },
  ],
};

const ADVISORY = {
  id: 'CVE-2020-1',
  ecosystem: 'npm',
  package: '@a/b',
  vulnerable: '1.0.0',
  fixed: '1.0.1',
  cwe: ['CWE-79'],
  date: '2020-01-02',
  functions: [{ file: 'lib/a.js', name: 'f', line: 1, end: 3, qualified: 'a.f' }],
};
const advisories = texts(
  [ADVISORY, { ...ADVISORY, id: 'CVE-2020-2' }].map((line) => JSON.stringify(line)).join('\n'),
);

const STATEMENT = `vulnerability_id: CVE-2020-1
notes:
- text: &a none
fixes:
- id: DEFAULT_BRANCH
  commits:
  - id: ${HASH}
    repository: https://host.org/a/b
artifacts:
- id: pkg:maven/org.a/b@1.0.0
  affected: true
  reason: x
- id: pkg:maven/org.a/b@1.0.1
  affected: false
`;

const names = (source: ChangeSource) => source.info.name;

async function readUnits(source: ChangeSource): Promise<void> {
  for await (const unit of source.units(context)) {
    for await (const _ of unit.files(context.tally, context.signal));
  }
}

/** A folder of statements with the other file of the one that is spoiled. */
function statementTarget(
  file: 'statement.yaml' | 'changed-source-code.tar',
  seeds: FuzzTarget['seeds'],
): FuzzTarget {
  return {
    name: `project-kb ${file}`,
    seeds,
    run: async (bytes, folder) => {
      const statement = join(folder, 'statements', 'CVE-2020-1');
      mkdirSync(statement, { recursive: true });
      const isStatement = file === 'statement.yaml';
      writeFileSync(join(statement, 'statement.yaml'), isStatement ? bytes : STATEMENT);
      // The tar alone is spoiled: what is wrong with gzip is another target's.
      const tar = isStatement ? changesTar(HASH) : bytes;
      writeFileSync(join(statement, 'changed-source-code.tar.gz'), gzipSync(tar, { level: 1 }));
      names(await openReleases('maven', folder));
      await readUnits(await openProjectKb(folder));
    },
  };
}

export const FACT_TARGETS: readonly FuzzTarget[] = [
  fileTarget(
    'fix list csv',
    'fixes.csv',
    texts(
      `repository,commit,cve,cwe\nhttps://host.org/a/b,${HASH},CVE-2020-1;CVE-2020-2,"CWE-79"\ngit@host.org:a/b.git,${HASH},,79\n`,
      `CVE-2020-1,https://host.org/a/b,${HASH},pos\nCVE-2020-2,file:///tmp/x,${HASH},neg\n`,
    ),
    readFixes,
  ),
  fileTarget(
    'fix list jsonl',
    'fixes.jsonl',
    texts([FIX, { owner: 'a', repo: 'b', sha: HASH }].map((row) => JSON.stringify(row)).join('\n')),
    readFixes,
  ),
  fileTarget('OSV json', 'osv.json', texts(JSON.stringify(OSV), JSON.stringify([OSV, OSV])), async (path) => {
    names(await openOsv(path, {}));
  }),
  fileTarget(
    'OSV zip',
    'osv.zip',
    async () => [zipBytes({ 'a.json': JSON.stringify(OSV), 'b.json': '[]' })],
    async (path) => {
      names(await openOsv(path, {}));
    },
  ),
  fileTarget('advisories npm', 'npm.jsonl', advisories, async (path) => {
    names(await openReleases('npm', path));
  }),
  fileTarget('advisories pypi', 'pypi.jsonl', advisories, async (path) => {
    names(await openReleases('pypi', path));
  }),
  statementTarget('statement.yaml', texts(STATEMENT)),
  statementTarget('changed-source-code.tar', async () => [changesTar(HASH)]),
];
