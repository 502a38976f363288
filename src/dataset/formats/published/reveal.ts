/** @file ReVeal (Chakraborty et al., 2020): two arrays of C functions, the label in the name of the file. */
import { VultuneError } from '../../../base/errors.ts';
import { tableFormat } from '../table-format.ts';
import { codeOf, compact, textOf } from './cells.ts';

export const REVEAL = tableFormat({
  name: 'reveal',
  summary: 'ReVeal: code, hash, project in vulnerables.json and non-vulnerables.json',
  recognise: ({ first }) =>
    'code' in first && 'hash' in first && 'project' in first && !('target' in first) && !('label' in first),
  convert(row, { tally, where, file }) {
    const code = codeOf(row.code);
    if (code === undefined) {
      tally.add('no code');
      return [];
    }
    const hash = textOf(row.hash);
    const isCommit = /^[0-9a-f]{7,40}$/i.test(hash ?? '');
    return [
      compact({
        code,
        target: targetOfName(file.name, where),
        language: 'c',
        project: textOf(row.project),
        ...(isCommit ? { commit: hash } : { hash }),
      }),
    ];
  },
});

function targetOfName(name: string, where: { readonly file?: string; readonly line?: number }): 0 | 1 {
  const match = /(non[-_]?)?vul/i.exec(name);
  if (match !== null) return match[1] === undefined ? 1 : 0;
  throw new VultuneError(
    'DATASET_LABEL',
    `the file name ${name} does not say whether its functions are vulnerable`,
    {
      where,
      hint: 'ReVeal names its files vulnerables.json and non-vulnerables.json',
    },
  );
}
