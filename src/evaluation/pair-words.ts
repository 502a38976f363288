/** @file What P1, P-C, V2P and their like mean, in the words that stand beside the figures on every output. */
import type { EvaluationResult } from './evaluate.ts';
import { type PairOutcome, pairOutcomes } from './pairs.ts';

export const SET_WORDS = {
  P1: 'a function as it was before its security fix, labelled vulnerable',
  P2: 'the same function after the fix, labelled not vulnerable',
  P3: 'a function that no fix touched, labelled not vulnerable',
} as const;

export const OUTCOME_WORDS: Readonly<Record<PairOutcome, string>> = {
  'P-C': 'both right: the vulnerable function is flagged and its fix is not',
  'P-V': 'both flagged: the fix looks as vulnerable as what it fixed',
  'P-B': 'neither flagged: the vulnerable function looks as safe as its fix',
  'P-R': 'reversed: the fix is flagged and the vulnerable function is not',
};

const V2P_WORDS =
  'V2P: the share of pairs whose vulnerable function scores above its own fix, a tie not counted';

const V2N_WORDS = 'V2N: the ROC AUC of vulnerable functions (P1) against unrelated ones (P3)';

/** Why both are looked at. */
const V2P_AND_V2N_WORDS =
  'A model that only knows what risky code looks like has a high V2N, and a V2P of 0.5 or less';

/** What the figures over sets and pairs mean, with their counts; one line each. */
export function pairNotes({
  pairs,
  unrelated,
}: Pick<EvaluationResult, 'pairs' | 'unrelated'>): readonly string[] {
  const ofSets =
    unrelated === undefined ? [] : Object.entries(SET_WORDS).map(([set, words]) => `${set}: ${words}`);
  const ofPairs =
    pairs === undefined || pairs.complete === 0
      ? []
      : pairOutcomes.map(
          (name) => `${name}: ${pairs.counts[name]} of ${pairs.complete} pairs, ${OUTCOME_WORDS[name]}`,
        );
  return [...ofSets, ...ofPairs, ...rankingNotes({ pairs, unrelated })];
}

/** What V2P and V2N mean, as far as they are defined; one line each. */
export function rankingNotes(
  { pairs, unrelated }: Pick<EvaluationResult, 'pairs' | 'unrelated'>,
  written: (count: number) => string = String,
): readonly string[] {
  const isV2p = pairs !== undefined && pairs.complete > 0;
  const tied = isV2p && pairs.tied > 0 ? ` (${pairs.tied} of ${pairs.complete} pairs tie)` : '';
  return [
    ...(isV2p ? [`${V2P_WORDS}${tied}`] : []),
    ...(unrelated === undefined
      ? []
      : [`${V2N_WORDS} (${written(unrelated.vulnerable)} against ${written(unrelated.unrelated)})`]),
    ...(isV2p && unrelated !== undefined ? [V2P_AND_V2N_WORDS] : []),
  ];
}
