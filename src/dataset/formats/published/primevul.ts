/**
 * @file PrimeVul (Ding et al., 2024): C and C++ functions of older sets with better labels. In the `*_paired` files
 * a vulnerable function and its fixed version follow one another.
 */
import type { FormatContext, ReadRecord } from '../format.ts';
import { tableFormat, unreadableTarget } from '../table-format.ts';
import { codeOf, commitOf, compact, cveOf, cweOf, languageOfFile, targetOf, textOf } from './cells.ts';

export const PRIMEVUL = tableFormat({
  name: 'primevul',
  summary: 'PrimeVul: func, target, cwe, cve, project, commit_id (JSON lines; *_paired: pairs)',
  recognise: ({ first }) =>
    'func' in first && 'target' in first && 'commit_id' in first && ('cve' in first || 'func_hash' in first),
  convert(row, { tally, where, requireTarget }) {
    const code = codeOf(row.func);
    const target = targetOf(row.target);
    if (code === undefined) {
      tally.add('no code');
      return [];
    }
    if (target === undefined && requireTarget) throw unreadableTarget(row.target, 'target', where);
    const path = textOf(row.file_name);
    return [
      compact({
        code,
        target,
        id: textOf(row.idx),
        set: target === 1 ? 'P1' : undefined,
        language: languageOfFile(path),
        project: textOf(row.project),
        path,
        commit: commitOf(row.commit_id),
        cve: cveOf(row.cve),
        cwe: cweOf(row.cwe),
      }),
    ];
  },
  join: joinNeighbours,
});

/** Ties a vulnerable record to the safe one of the same commit that follows it. */
async function* joinNeighbours(
  records: AsyncIterable<ReadRecord>,
  { tally }: FormatContext,
): AsyncGenerator<ReadRecord> {
  let waiting: ReadRecord | undefined;
  for await (const placed of records) {
    if (waiting === undefined) {
      waiting = placed;
      continue;
    }
    const [before, after] = [waiting.record, placed.record];
    if (before.target === 1 && after.target === 0 && before.commit === after.commit) {
      const pair = `${before.commit}:${before.id ?? waiting.line}`;
      yield { ...waiting, record: { ...before, pair } };
      yield { ...placed, record: { ...after, pair, set: 'P2' } };
      waiting = undefined;
    } else {
      tally.add('kept without a partner');
      yield waiting;
      waiting = placed;
    }
  }
  if (waiting === undefined) return;
  tally.add('kept without a partner');
  yield waiting;
}
