/**
 * @file PrimeVul (Ding et al., 2024): C and C++ functions of older sets with better labels. In the `*_paired` files
 * a vulnerable function and its fixed version follow one another.
 */
import type { FormatContext, ReadRecord } from '../format.ts';
import { tableFormat } from '../table-format.ts';
import { commitOf, compact, cveOf, cweOf, languageOfFile, textOf } from './cells.ts';
import { labelledCode } from './labelled-code.ts';

export const PRIMEVUL = tableFormat({
  name: 'primevul',
  summary: 'PrimeVul: func, target, cwe, cve, project, commit_id (JSON lines; *_paired: pairs)',
  recognise: ({ first }) =>
    'func' in first && 'target' in first && 'commit_id' in first && ('cve' in first || 'func_hash' in first),
  convert(row, context) {
    const labelled = labelledCode(row, context);
    if (labelled === undefined) return [];
    const path = textOf(row.file_name);
    return [
      compact({
        ...labelled,
        id: textOf(row.idx),
        set: labelled.target === 1 ? 'P1' : undefined,
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
      tally.add('kept without the other half of its pair');
      yield waiting;
      waiting = placed;
    }
  }
  if (waiting === undefined) return;
  tally.add('kept without the other half of its pair');
  yield waiting;
}
