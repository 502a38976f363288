/** @file DiverseVul (Chen et al., 2023): C and C++ functions of fix commits, 150 CWEs, one JSON object a line. */
import { tableFormat } from '../table-format.ts';
import { commitOf, compact, cweOf, textOf } from './cells.ts';
import { labelledCode } from './labelled-code.ts';

export const DIVERSEVUL = tableFormat({
  name: 'diversevul',
  summary: 'DiverseVul: func, target, cwe, project, commit_id, hash, size, message (JSON lines)',
  recognise: ({ first }) =>
    ['func', 'target', 'cwe', 'commit_id'].every((field) => field in first) &&
    ('message' in first || 'hash' in first),
  convert(row, context) {
    const labelled = labelledCode(row, context);
    if (labelled === undefined) return [];
    return [
      compact({
        ...labelled,
        set: labelled.target === 1 ? 'P1' : undefined,
        project: textOf(row.project),
        commit: commitOf(row.commit_id),
        cwe: cweOf(row.cwe),
      }),
    ];
  },
});
