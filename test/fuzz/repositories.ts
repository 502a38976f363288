/** @file What a repository that nobody vouches for holds, beside its sources: patterns, names of folders, commits, lists of paths. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCommit } from '../../src/dataset/sources/git/commit.ts';
import { parseListing } from '../../src/git/listed-file.ts';
import { locateRepository, repositoryAt } from '../../src/git/locate-repository.ts';
import { IgnoreRules } from '../../src/scan/walk/ignore-rules.ts';
import { type FuzzTarget, fileTarget, textOf, texts } from './fuzz-target.ts';

const IGNORE = `# build output
/dist/
*.min.js
!keep.min.js
**/node_modules/**
a/**/b?[c-e]*[!x]
\\#odd\\ name
foo[[:alpha:]]*.c   
`;
const PATHS = [
  'dist',
  'dist/a.js',
  'a/x/y/bzdq',
  'keep.min.js',
  'a/node_modules/b/c.js',
  'foox.c',
  '#odd name',
];

const ID = '0123456789abcdef0123456789abcdef01234567';
const COMMIT = `tree ${ID}
parent ${ID}
parent ${ID}
author A <a@b> 1500000000 +0100
committer A <a@b> 1500000000 +0100

Fix CVE-2020-1

text
`;

export const REPOSITORY_TARGETS: readonly FuzzTarget[] = [
  fileTarget('.gitignore', '.gitignore', texts(IGNORE), (_path, folder) => {
    const rules = IgnoreRules.outside().within(folder);
    for (const path of [...PATHS, `${'a/'.repeat(20)}b`, 'a'.repeat(200)]) {
      for (const isFolder of [true, false]) rules.ignores(join(folder, path), isFolder);
    }
  }),
  {
    name: '.git file',
    seeds: texts('gitdir: ../other/.git/worktrees/a\n', 'gitdir: /tmp\n'),
    run: async (bytes, folder) => {
      mkdirSync(join(folder, 'tree/sub'), { recursive: true });
      writeFileSync(join(folder, 'tree/.git'), bytes);
      locateRepository(join(folder, 'tree/sub'));
    },
  },
  {
    name: '.git commondir',
    seeds: texts('../..\n', '/tmp\n'),
    run: async (bytes, folder) => {
      mkdirSync(join(folder, '.git'));
      writeFileSync(join(folder, '.git/commondir'), bytes);
      const place = repositoryAt(folder);
      if (place !== undefined) IgnoreRules.above(folder, place, true).ignores(join(folder, 'a'), false);
    },
  },
  {
    name: 'commit object',
    seeds: texts(COMMIT),
    run: async (bytes) => {
      parseCommit(ID, Buffer.from(bytes));
    },
  },
  {
    name: 'list of git',
    seeds: texts([`100644 ${ID} 0\ta.c`, `120000 ${ID} 0\tb/ü.c`, `160000 ${ID} 2\tsub`, ''].join('\0')),
    run: async (bytes) => {
      parseListing(textOf(bytes), /^(\d+) ([0-9a-f]+) \d$/);
    },
  },
];
