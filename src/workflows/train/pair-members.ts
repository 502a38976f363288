/** @file Which functions to train on are a vulnerable one and its fixed version, for a loss of pairs. Reads no code. */
import type { LabelledRecord } from '../../dataset/record.ts';
import { pairedRows } from '../../network/truncation.ts';
import type { PairMember } from '../../objectives/objective.ts';

/**
 * The pairs among the records, by row. In a pair with more than two functions the first vulnerable one goes with the first other one,
 * the second with the second; what is left over, or unrelated (P3), is in no pair.
 */
export function pairMembers(records: readonly LabelledRecord[]): ReadonlyMap<number, PairMember> {
  const members = new Map<number, PairMember>();
  let number = 0;
  for (const rows of pairedRows(records).values()) {
    const related = rows.filter((row) => records[row]!.set !== 'P3');
    const [fixed, vulnerable] = [0, 1].map((label) =>
      related.filter((row) => records[row]!.target === label),
    );
    for (let i = 0; i < Math.min(fixed!.length, vulnerable!.length); i++) {
      members.set(vulnerable![i]!, { number, isVulnerable: true });
      members.set(fixed![i]!, { number, isVulnerable: false });
      number++;
    }
  }
  return members;
}
