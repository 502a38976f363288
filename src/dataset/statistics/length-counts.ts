/** @file Functions by their length in tokens: the paper's Table 1, and exact quantiles. Knows no tokenizer. */
import type { LengthBucket, LengthStatistics } from './dataset-statistics.ts';

/** Upper ends of the buckets of the paper's Table 1; one more above the last. */
const TABLE_1 = [10, 20, 50, 100, 300, 500, 1000, 2000] as const;

export class LengthCounts {
  readonly #countTokens: (text: string) => number;
  /** By length: [functions, vulnerable]. There are at most some thousand lengths. */
  readonly #lengths = new Map<number, [number, number]>();

  constructor(countTokens: (text: string) => number) {
    this.#countTokens = countTokens;
  }

  add(code: string, vulnerable: 0 | 1): void {
    const length = this.#countTokens(code);
    const counts = this.#lengths.get(length) ?? [0, 0];
    counts[0]++;
    counts[1] += vulnerable;
    this.#lengths.set(length, counts);
  }

  counts(): Omit<LengthStatistics, 'tokenizer' | 'isEstimate'> {
    const sorted = [...this.#lengths].sort(([a], [b]) => a - b);
    const functions = sorted.reduce((sum, [, [count]]) => sum + count, 0);
    const totalTokens = sorted.reduce((sum, [length, [count]]) => sum + length * count, 0);
    const quantile = (share: number) => {
      let seen = 0;
      for (const [length, [count]] of sorted) {
        seen += count;
        if (seen >= share * functions) return length;
      }
      return 0;
    };
    return {
      buckets: [...TABLE_1, null].map((upTo, i) => this.#bucket(TABLE_1[i - 1] ?? 0, upTo)),
      mean: functions === 0 ? 0 : totalTokens / functions,
      median: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      longest: sorted.at(-1)?.[0] ?? 0,
      totalTokens,
    };
  }

  #bucket(above: number, upTo: number | null): LengthBucket {
    let [functions, vulnerable] = [0, 0];
    for (const [length, counts] of this.#lengths) {
      if (length > (upTo ?? Number.POSITIVE_INFINITY) || (length <= above && above > 0)) continue;
      functions += counts[0];
      vulnerable += counts[1];
    }
    return { above, upTo, label: upTo === null ? `>${above}` : `${above}-${upTo}`, functions, vulnerable };
  }
}
