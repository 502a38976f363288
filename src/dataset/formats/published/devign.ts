/** @file Devign (Zhou et al., 2019) and CodeXGLUE's split of it: C functions of FFmpeg and QEMU, labelled by hand. */
import { tableFormat } from '../table-format.ts';
import { commitOf, compact, textOf } from './cells.ts';
import { labelledCode } from './labelled-code.ts';

export const DEVIGN = tableFormat({
  name: 'devign',
  summary: 'Devign, CodeXGLUE: func, target, project, commit_id (JSON array or lines, Parquet)',
  recognise: ({ first }) => ['func', 'target', 'project', 'commit_id'].every((field) => field in first),
  convert(row, context) {
    const labelled = labelledCode(row, context);
    if (labelled === undefined) return [];
    const id = textOf(row.idx) ?? textOf(row.id);
    return [
      compact({
        ...labelled,
        id,
        language: 'c',
        project: textOf(row.project),
        commit: commitOf(row.commit_id),
      }),
    ];
  },
});
