/** @file What a plan amounts to, for progress lines: tokens, padding, functions per sequence. Changes nothing. */
import type { SequenceSizeOptions } from './partition.ts';
import type { PlannedSequence, PlannedStep } from './plan.ts';

export interface PackingStatistics {
  readonly functions: number;
  readonly sequences: number;
  readonly realTokens: number;
  /** Slots of the attention rows: the sum of A * S. */
  readonly slots: number;
  /** Share of slots that hold padding, in percent. Isolated: attention's alone, the linear layers have none. */
  readonly paddedSlotsPercent: number;
  readonly functionsPerSequence: number;
}

/** Counts over a plan's steps, or over sequences. An empty plan has zeros, no NaN. */
export function packingStatistics(
  plan: readonly (PlannedStep | PlannedSequence)[],
  lengths: readonly number[],
  { packing, padTo }: Pick<SequenceSizeOptions, 'packing' | 'padTo'>,
): PackingStatistics {
  const sequences = plan.flatMap((entry) => ('sequences' in entry ? entry.sequences : [entry]));
  let [functions, realTokens, slots] = [0, 0, 0];
  for (const sequence of sequences) {
    let [longest, tokens] = [0, 0];
    for (const index of sequence.functions) {
      tokens += lengths[index]!;
      longest = Math.max(longest, lengths[index]!);
    }
    realTokens += tokens;
    functions += sequence.functions.length;
    if (packing === 'joined') slots += tokens;
    else slots += sequence.functions.length * (packing === 'none' ? (padTo ?? longest) : longest);
  }
  return {
    functions,
    sequences: sequences.length,
    realTokens,
    slots,
    paddedSlotsPercent: slots === 0 ? 0 : 100 * (1 - realTokens / slots),
    functionsPerSequence: sequences.length === 0 ? 0 : functions / sequences.length,
  };
}
