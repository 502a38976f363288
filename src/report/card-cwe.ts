/** @file The part of a model card on the CWE head: its files, what it was measured to be worth, by CWE. Text only. */
import { cweLabel } from '../dataset/cwe.ts';
import type { CweEvaluation } from '../evaluation/cwe/evaluate-cwe.ts';
import { foldClasses } from '../evaluation/cwe/fold-classes.ts';
import { describeCweHead, type MeasuredCweHead } from '../evaluation/cwe/measured-cwe.ts';
import { figureCell } from '../evaluation/format.ts';
import type { Interval } from '../evaluation/resampling/intervals.ts';
import { markdownRows } from './table-formats.ts';

export interface CardCwe {
  readonly head: MeasuredCweHead;
  /** What it was measured on; undefined where no function has one of its CWEs. */
  readonly split: 'valid' | 'test' | undefined;
  readonly evaluation: CweEvaluation | undefined;
}

export function cweSection({ head, split, evaluation }: CardCwe): string {
  const about = `## Kind of weakness

cwe_head.safetensors holds a second matrix and a bias on the vector that the classifier reads: logits of
${head.classes.map(({ id }) => cweLabel(id)).join(', ')}. PEFT does not read it. It was
trained on the vulnerable functions with one of these CWEs alone.

${describeCweHead(head)}.
`;
  if (evaluation === undefined) return `${about}\n`;
  const { majority, intervals, functions, outside, unnamed } = evaluation;
  const figure = (value: number, interval?: Interval) => figureCell(value.toFixed(3), interval);
  return `${about}
${markdownRows(
  ['', 'CWE head', `always ${majority.id}`],
  [
    ['first guess right', figure(evaluation.top1, intervals.top1), figure(majority.top1)],
    ['right among three', figure(evaluation.top3, intervals.top3), figure(majority.top3)],
    ['macro F1', figure(evaluation.macroF1, intervals.macroF1), figure(majority.macroF1)],
  ],
)}

Of ${functions} vulnerable functions of the ${split === 'test' ? 'test' : 'validation'} part; not counted: ${outside} with other CWEs alone, ${unnamed} without a CWE.

${markdownRows(
  ['CWE', 'functions', 'first guess right', 'right among three'],
  foldClasses(evaluation.byClass).map((row) => [
    row.label,
    `${row.functions}`,
    row.top1.toFixed(3),
    row.top3.toFixed(3),
  ]),
)}

`;
}
