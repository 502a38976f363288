/** @file Devign (Zhou et al., 2019) and CodeXGLUE's split of it: C functions of FFmpeg and QEMU, labelled by hand. */
import { tableFormat, unreadableTarget } from '../table-format.ts';
import { codeOf, commitOf, compact, targetOf, textOf } from './cells.ts';

export const DEVIGN = tableFormat({
  name: 'devign',
  summary: 'Devign, CodeXGLUE: func, target, project, commit_id (JSON array or lines, Parquet)',
  recognise: ({ first }) => ['func', 'target', 'project', 'commit_id'].every((field) => field in first),
  convert(row, { tally, where, requireTarget }) {
    const code = codeOf(row.func);
    const target = targetOf(row.target);
    if (code === undefined) {
      tally.add('no code');
      return [];
    }
    if (target === undefined && requireTarget) throw unreadableTarget(row.target, 'target', where);
    const id = textOf(row.idx) ?? textOf(row.id);
    return [
      compact({
        code,
        target,
        id,
        language: 'c',
        project: textOf(row.project),
        commit: commitOf(row.commit_id),
      }),
    ];
  },
});
