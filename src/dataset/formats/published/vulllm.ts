/** @file VulLLM (Du et al., 2024): instructions for language models; only those that ask for detection are labels. */
import { tableFormat } from '../table-format.ts';
import { codeOf, compact, targetOf, textOf } from './cells.ts';

export const VULLLM = tableFormat({
  name: 'vulllm',
  summary: 'VulLLM: instruction, input, output (JSON array)',
  recognise: ({ first }) => ['instruction', 'input', 'output'].every((field) => field in first),
  convert(row, { tally, requireTarget }) {
    const code = codeOf(row.input);
    const target = targetOf(row.output);
    if (code === undefined) {
      tally.add('no code');
      return [];
    }
    // Its training part also asks where the flaw is, and why: answers in prose.
    if (target === undefined && requireTarget) {
      tally.add('another task than detection');
      return [];
    }
    return [compact({ code, target, id: textOf(row.idx) })];
  },
});
