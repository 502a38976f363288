/** @file How often a CWE head was right where it was measured, as it is kept with the adapter, and the sentences that outputs carry. */
import { formatPercent } from '../../base/numbers.ts';
import { z } from '../../schema/zod.ts';
import type { CweEvaluation } from './evaluate-cwe.ts';

export interface MeasuredCwe {
  /** Vulnerable, with a CWE among the classes. */
  readonly functions: number;
  /** Share whose CWE is the first guess, with its 95 % interval. */
  readonly top1: number;
  readonly low: number;
  readonly high: number;
  /** The most frequent class of training, and the share of functions that have it. */
  readonly majority: { readonly id: string; readonly top1: number };
}

const share = z.number().min(0).max(1);
export const cweIdSchema = z.string().regex(/^CWE-[1-9]\d{0,4}$/);

export const measuredCweSchema = z.object({
  functions: z.int().positive(),
  top1: share,
  low: share,
  high: share,
  majority: z.object({ id: cweIdSchema, top1: share }),
});

export function measuredCwe(evaluation: CweEvaluation | undefined): MeasuredCwe | undefined {
  const interval = evaluation?.intervals.top1;
  if (evaluation === undefined || interval === undefined) return undefined;
  const { functions, top1, majority } = evaluation;
  const { low, high } = interval;
  return { functions, top1, low, high, majority: { id: majority.id, top1: majority.top1 } };
}

export interface MeasuredCweHead {
  readonly classes: readonly { readonly id: string }[];
  /** Whether it beat the most frequent class on validation. */
  readonly used: boolean;
  readonly valid?: MeasuredCwe | undefined;
  readonly test?: MeasuredCwe | undefined;
}

/** One sentence without its full stop: how good the head is, or why nothing is said by it. */
export function describeCweHead({ classes, used, valid, test }: MeasuredCweHead): string {
  if (!used) {
    const why =
      valid === undefined
        ? 'no validation function has one of its CWEs'
        : `${rightShare(valid)} validation functions with one of its CWEs, which is not clearly more`;
    return `The CWE head is not used: ${why}. Findings point at the nearest known vulnerability instead`;
  }
  const [measured, part] = test === undefined ? [valid, 'validation'] : [test, 'test'];
  const known = `it tells ${classes.length} CWEs apart and names one of them for any vulnerable function`;
  if (measured === undefined) return `CWE head: ${known}`;
  return `CWE head: its first guess is ${rightShare(measured)} ${part} functions with one of its CWEs; ${known}`;
}

/** `right for 71% (95%: 60% to 80%; always CWE-79: 30%) of the 95 vulnerable` */
const rightShare = ({ functions, top1, low, high, majority }: MeasuredCwe) =>
  `right for ${formatPercent(top1)} (95%: ${formatPercent(low)} to ${formatPercent(high)}; always ${majority.id}: ${formatPercent(majority.top1)}) of the ${functions} vulnerable`;
