/**
 * @file JLeaks (Liu et al., 2024): Java methods that leak a resource, and their fixes, a file each in two zip archives or
 * folders, with a table of facts beside them. A thousand methods: held in memory.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tally } from '../../../base/tally.ts';
import { readZip } from '../../archives/zip-archive.ts';
import type { DatasetRecord } from '../../record.ts';
import type { DatasetFile } from '../dataset-file.ts';
import type { DatasetFormat, ReadRecord } from '../format.ts';
import { fileOnDisk } from '../look-at-file.ts';
import { tableRows } from '../rows/table-rows.ts';
import { codeOf, commitOf, compact, dayOf, projectOf, textOf } from './cells.ts';

/** `all_bug_method.zip`, `bug_methods`, ... */
const METHODS = /(?:bug|fix)_?methods?(?:\.zip)?$/i;
/** `jleaks-bug-12.java`, `bug-12-Name.java`. */
const METHOD_FILE = /(?:^|[/-])(bug|fix)-(\d+)[^/]{0,255}\.java$/i;
/** What all of JLeaks is: a resource that is not released. */
const CWE = ['CWE-772'];

export const JLEAKS: DatasetFormat = {
  name: 'jleaks',
  summary: 'JLeaks: all_bug_method.zip, all_fix_method.zip, JLeaks.csv (a folder)',
  recognise: ({ container, fields }) =>
    container === 'folder' &&
    ['bug', 'fix'].every((side) =>
      fields.some((name) => METHODS.test(name) && name.toLowerCase().includes(side)),
    ),
  async *read(file, { tally, signal }): AsyncGenerator<ReadRecord> {
    const methods = await readMethods(file, tally, signal);
    const facts = await readFacts(file, tally);
    const ids = [...new Set([...methods.bug.keys(), ...methods.fix.keys()])].sort((a, b) => a - b);
    for (const id of ids) {
      for (const record of records(id, methods, facts.get(id) ?? {}, tally)) yield { record, line: id };
    }
  },
};

type Methods = Readonly<Record<'bug' | 'fix', Map<number, string>>>;

async function readMethods(
  folder: DatasetFile,
  tally: Tally,
  signal: AbortSignal | undefined,
): Promise<Methods> {
  const methods: Methods = { bug: new Map(), fix: new Map() };
  const add = (path: string, bytes: Buffer) => {
    const [, side = '', id] = METHOD_FILE.exec(path) ?? [];
    methods[side.toLowerCase() as 'bug' | 'fix'].set(
      Number(id),
      bytes.toString('utf8').replace(/^\ufeff/, ''),
    );
  };
  for (const name of folder.fields.filter((field) => METHODS.test(field))) {
    const path = join(folder.path, name);
    if (!/\.zip$/i.test(name)) {
      for (const file of readdirSync(path).filter((entry) => METHOD_FILE.test(entry))) {
        add(file, readFileSync(join(path, file)));
      }
      continue;
    }
    await readZip(
      path,
      {
        wants: (entry) => METHOD_FILE.test(entry) && !entry.includes('__MACOSX'),
        onFile: add,
        onProblem: (problem) => tally.add(problem),
      },
      signal === undefined ? {} : { signal },
    );
  }
  return methods;
}

async function readFacts(
  folder: DatasetFile,
  tally: Tally,
): Promise<Map<number, Readonly<Record<string, unknown>>>> {
  const facts = new Map<number, Readonly<Record<string, unknown>>>();
  const table = folder.fields.find((name) => /^jleaks\.csv$/i.test(name));
  if (table === undefined) {
    tally.add(
      'no JLeaks.csv beside the methods: no project, commit and date (JLeaks.xlsx saved as CSV has them)',
    );
    return facts;
  }
  for await (const { value } of tableRows(await fileOnDisk(join(folder.path, table)))) {
    facts.set(Number(value.ID ?? value.id), value);
  }
  return facts;
}

function records(
  id: number,
  methods: Methods,
  facts: Readonly<Record<string, unknown>>,
  tally: Tally,
): readonly DatasetRecord[] {
  const [before, after] = [codeOf(methods.bug.get(id)), codeOf(methods.fix.get(id))];
  const [path, name] = (textOf(facts['defect method']) ?? '').split(':');
  const common = {
    language: 'java',
    project: projectOf(facts.projects),
    path: textOf(path),
    function_name: textOf(name),
    commit: commitOf(facts['commit url']),
    date: dayOf(facts['UTC of fix commit']),
    cwe: CWE,
    pair: before !== undefined && after !== undefined ? `jleaks:${id}` : undefined,
  };
  if (before === undefined || after === undefined) tally.add('kept without the other half of its pair');
  return [
    ...(before === undefined
      ? []
      : [compact({ ...common, id: `jleaks-bug-${id}`, code: before, target: 1, set: 'P1' })]),
    ...(after === undefined
      ? []
      : [compact({ ...common, id: `jleaks-fix-${id}`, code: after, target: 0, set: 'P2' })]),
  ];
}
