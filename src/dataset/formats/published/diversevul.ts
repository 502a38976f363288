/** @file DiverseVul (Chen et al., 2023): C and C++ functions of fix commits, 150 CWEs, one JSON object a line. */
import { tableFormat, unreadableTarget } from '../table-format.ts';
import { codeOf, commitOf, compact, cweOf, targetOf, textOf } from './cells.ts';

export const DIVERSEVUL = tableFormat({
  name: 'diversevul',
  summary: 'DiverseVul: func, target, cwe, project, commit_id, hash, size, message (JSON lines)',
  recognise: ({ first }) =>
    ['func', 'target', 'cwe', 'commit_id'].every((field) => field in first) &&
    ('message' in first || 'hash' in first),
  convert(row, { tally, where, requireTarget }) {
    const code = codeOf(row.func);
    const target = targetOf(row.target);
    if (code === undefined) {
      tally.add('no code');
      return [];
    }
    if (target === undefined && requireTarget) throw unreadableTarget(row.target, 'target', where);
    return [
      compact({
        code,
        target,
        set: target === 1 ? 'P1' : undefined,
        project: textOf(row.project),
        commit: commitOf(row.commit_id),
        cwe: cweOf(row.cwe),
      }),
    ];
  },
});
