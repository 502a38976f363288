/** @file A function with the scores of its lines. A shape only. */
import type { LineExplanation } from '../../explain/line-scores.ts';
import type { LineInput } from './lines-inputs.ts';

export interface ExplainedFunction {
  readonly input: LineInput;
  readonly score: number;
  /** Whether it was longer than what was read of it. */
  readonly truncated: boolean;
  readonly explanation: LineExplanation;
}
