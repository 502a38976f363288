#!/usr/bin/env node
/**
 * @file How many function bodies of a C project are found, held against universal-ctags, which is another program with
 * another method. Needs `npm run build` and `ctags` on the path; knows the project's files only as text.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const usage = `node tools/c-function-recall.mjs FOLDER...
    [--list]       name each function that only one of the two has, and each that ends on different lines
    [--cpp]        C++ files too (ctags is then the less certain one)
    [--dist PATH]  another build of Vultune, to compare with`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    cpp: { type: 'boolean', default: false },
    dist: { type: 'string', default: resolve(dirname(fileURLToPath(import.meta.url)), '..', 'dist') },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help || positionals.length === 0) {
  process.stdout.write(`${usage}\n`);
  process.exit(values.help ? 0 : 2);
}

const functionsFolder = pathToFileURL(`${resolve(values.dist)}/source/`);
const { languageOfPath } = await import(new URL('languages.js', functionsFolder));
const { parseSource } = await import(new URL('parse-source.js', functionsFolder));

for (const folder of positionals) measure(folder);

function measure(folder) {
  const sum = { files: 0, theirs: 0, both: 0, sameEnd: 0, ours: 0, unread: 0 };
  for (const [path, tags] of functionsByFile(folder)) {
    const text = readFileSync(path, 'utf8');
    const language = languageOfPath(path, text);
    if (language !== 'c' && !(values.cpp && language === 'cpp')) continue;
    const parsed = parseSource(text, language);
    const found = parsed.functions.filter(({ kind }) => kind !== 'arrow');
    const { both, sameEnd, onlyTheirs, onlyOurs, otherEnds } = compare(tags, found, text);
    sum.files++;
    sum.theirs += tags.length;
    sum.both += both;
    sum.sameEnd += sameEnd;
    sum.ours += found.length;
    sum.unread += parsed.unread?.length ?? 0;
    if (!values.list) continue;
    for (const { name, line } of onlyTheirs) print(`only ctags: ${path}:${line} ${name}`);
    for (const one of onlyOurs) print(`only here: ${path}:${one.startLine} ${one.qualifiedName}`);
    for (const { tag, one } of otherEnds) {
      print(`other end: ${path}:${tag.line} ${tag.name} ends in ${tag.end}, here in ${one.endLine}`);
    }
  }
  const share = sum.theirs === 0 ? 100 : (100 * sum.both) / sum.theirs;
  print(
    `${folder}: ${sum.files} files, ctags ${sum.theirs} functions, of them found ${sum.both} (${share.toFixed(2)} %), ` +
      `with the same last line ${sum.sameEnd}; only here ${sum.ours - sum.both}; not read ${sum.unread}`,
  );
}

/** A function is the same where the line that ctags has of its name lies between its first line and its body. */
function compare(tags, found, text) {
  const left = new Set(found);
  const onlyTheirs = [];
  const otherEnds = [];
  for (const tag of tags) {
    const one = [...left].find((each) => each.startLine <= tag.line && tag.line <= bodyLine(each, text));
    if (one === undefined) onlyTheirs.push(tag);
    else left.delete(one);
    if (one !== undefined && one.endLine !== tag.end) otherEnds.push({ tag, one });
  }
  const both = tags.length - onlyTheirs.length;
  return { both, sameEnd: both - otherEnds.length, onlyTheirs, onlyOurs: [...left], otherEnds };
}

function bodyLine({ start, startLine, bodyStart }, text) {
  return startLine + text.slice(start, bodyStart).split('\n').length - 1;
}

/** What ctags says of a folder, a list a file, in the order of the lines. Files without functions have none. */
function functionsByFile(folder) {
  const kinds = ['--languages=C,C++', '--kinds-C=f', '--kinds-C++=f'];
  const format = ['--fields=+ne', '--output-format=json', '--sort=no', '-f', '-'];
  const made = spawnSync('ctags', ['-R', ...kinds, ...format, folder], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (made.error !== undefined) throw new Error(`ctags did not run: ${made.error.message}`);
  const byFile = new Map();
  for (const line of made.stdout.split('\n')) {
    const tag = line === '' ? undefined : JSON.parse(line);
    if (tag?.kind !== 'function') continue;
    if (byFile.has(tag.path)) byFile.get(tag.path).push(tag);
    else byFile.set(tag.path, [tag]);
  }
  for (const tags of byFile.values()) tags.sort((a, b) => a.line - b.line);
  return byFile;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
