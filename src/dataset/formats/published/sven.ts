/** @file SVEN (He and Vechev, 2023): functions before and after a fix in one row, with the lines that changed. */
import type { DatasetRecord } from '../../record.ts';
import { tableFormat } from '../table-format.ts';
import { codeOf, commitOf, compact, cweOf, languageOfFile, projectOf, textOf } from './cells.ts';

export const SVEN = tableFormat({
  name: 'sven',
  summary: 'SVEN: func_src_before, func_src_after, line_changes (JSON lines)',
  recognise: ({ first }) => 'func_src_before' in first && 'func_src_after' in first,
  convert(row, { tally, where }) {
    const before = codeOf(row.func_src_before);
    const after = codeOf(row.func_src_after);
    const commit = commitOf(row.commit_link);
    const path = textOf(row.file_name);
    const common = {
      language: languageOfFile(path),
      project: projectOf(String(row.commit_link).split(/\/commits?\//, 1)[0]),
      path,
      function_name: textOf(row.func_name),
      commit,
      cwe: cweOf(row.vul_type),
      // A commit may change several functions of one name, in several files: the row tells them apart.
      pair:
        before !== undefined && after !== undefined
          ? `${commit}:${row.vul_type}:${row.func_name}:${where.line}`
          : undefined,
    };
    const records: DatasetRecord[] = [];
    if (before === undefined || after === undefined) tally.add('a side of the pair is empty');
    if (before !== undefined) {
      const vulnerable_lines = lineNumbers(row.line_changes, 'deleted');
      records.push(compact({ ...common, code: before, target: 1, set: 'P1', vulnerable_lines }));
    }
    if (after !== undefined) {
      const fixed_lines = lineNumbers(row.line_changes, 'added');
      records.push(compact({ ...common, code: after, target: 0, set: 'P2', fixed_lines }));
    }
    return records;
  },
});

/** 1-based line numbers within the function. */
function lineNumbers(changes: unknown, side: 'deleted' | 'added'): readonly number[] | undefined {
  const list = (changes as Record<string, unknown> | null | undefined)?.[side];
  if (!Array.isArray(list)) return undefined;
  return list.map((entry: { line_no?: unknown }) => Number(entry.line_no)).filter(Number.isInteger);
}
