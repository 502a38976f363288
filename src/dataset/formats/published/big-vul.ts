/**
 * @file Big-Vul (Fan et al., 2020; MSR_data_cleaned.csv): C and C++ functions of fix commits, before and after, many
 * columns. Also LineVul's copies of it, which number the flawed lines.
 */
import type { DatasetRecord } from '../../record.ts';
import { tableFormat, unreadableTarget } from '../table-format.ts';
import { codeOf, commitOf, compact, cveOf, cweOf, dayOf, languageNamed, targetOf, textOf } from './cells.ts';

export const BIG_VUL = tableFormat({
  name: 'big-vul',
  summary: 'Big-Vul: func_before, func_after, vul, CVE ID, CWE ID (MSR_20 CSV, JSON, Parquet)',
  recognise: ({ first }) => 'func_before' in first && ('vul' in first || 'func_after' in first),
  convert(row, { tally, where, requireTarget }) {
    const before = codeOf(row.func_before);
    const after = codeOf(row.func_after);
    const label = row.vul ?? row.target;
    const target = targetOf(label);
    if (before === undefined) {
      tally.add('no code');
      return [];
    }
    if (target === undefined && requireTarget) throw unreadableTarget(label, 'vul', where);
    const commit = commitOf(row.commit_id ?? row.codeLink);
    const common = {
      id: textOf(row.index) ?? textOf(row['']),
      language: languageNamed(row.lang),
      project: textOf(row.project),
      path: textOf(row.file_name),
      commit,
      // The set knows no date of the fix; the CVE's is the nearest.
      date: dayOf(row['Publish Date'] ?? row.publish_date),
      cve: cveOf(row['CVE ID'] ?? row.cve_id ?? row.CVE),
      cwe: cweOf(row['CWE ID'] ?? row.cwe_id ?? row.CWE),
    };
    if (target !== 1)
      return [compact({ ...common, code: before, target, set: target === 0 ? 'P3' : undefined })];
    const isChanged = after !== undefined && after !== before;
    const pair = isChanged ? `${commit}:${common.id ?? where.line}` : undefined;
    if (!isChanged) tally.add('vulnerable function without its fixed version');
    const vulnerable_lines = flawLines(row.flaw_line_index);
    const records: DatasetRecord[] = [
      compact({ ...common, code: before, target, set: 'P1', pair, vulnerable_lines }),
    ];
    if (isChanged)
      records.push(compact({ ...common, id: undefined, code: after, target: 0, set: 'P2', pair }));
    return records;
  },
});

/** LineVul counts lines from 0: "3,7". */
function flawLines(value: unknown): readonly number[] | undefined {
  const text = textOf(value);
  if (text === undefined || !/^\d+(?:,\s*\d+)*$/.test(text)) return undefined;
  return text.split(',').map((index) => Number(index) + 1);
}
