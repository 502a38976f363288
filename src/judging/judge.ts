/**
 * @file Whatever can say how likely functions are to be vulnerable: a fine-tuned model today, a prompted one or an ensemble
 * as well. Evaluation, scan, lines and the services know only this. The interface alone.
 */
import type { CweProbability } from '../evaluation/cwe/cwe-probability.ts';

export interface Judgements {
  /** [functions] probability of vulnerable, calibrated where there is a calibration, blended where there is a blend in use. */
  readonly scores: Float64Array;
  /** Whether a function was longer than what was read of it. */
  readonly truncated: readonly boolean[];
  /** [functions] which CWEs are likely, most probable first, if it is vulnerable; undefined where the judge names none. */
  readonly cwes?: readonly (readonly CweProbability[])[] | undefined;
}

export interface JudgeOptions {
  /** Aborted: the call rejects with its reason, between two passes of the model. */
  readonly signal?: AbortSignal | undefined;
  /** How errors call a function, by its place in the list; its first line stands there in any case. */
  readonly nameOf?: ((index: number) => string | undefined) | undefined;
  /** Functions and tokens of this call that are done. */
  readonly onProgress?: ((done: { readonly functions: number; readonly tokens: number }) => void) | undefined;
}

export interface Judge {
  /** Judges functions in the order given; none is left out. Throws SCORE_NOT_FINITE rather than give a score that is not one. */
  judge(codes: readonly string[], options?: JudgeOptions): Promise<Judgements>;
}

/** How much each token says for "vulnerable". */
export interface TokenRelevance {
  /** [tokens] 0-based line of each token that is read; -1 for special tokens. */
  readonly lines: Int32Array;
  /** [tokens] what it says for "vulnerable"; negative: against it. */
  readonly relevance: Float32Array;
}

export interface ExplainableJudgements extends Judgements {
  /** [functions] what each says for "vulnerable": log of the odds before any calibration or blend. */
  readonly logOdds: Float64Array;
}

/** A judge that can say which tokens made its scores. */
export interface ExplainingJudge extends Judge {
  judge(codes: readonly string[], options?: JudgeOptions): Promise<ExplainableJudgements>;
  relevance(codes: readonly string[], options?: JudgeOptions): Promise<TokenRelevance[]>;
  /** [tokens] 0-based line of each token that is read of a function; -1 for special tokens. */
  tokenLines(code: string): Int32Array;
}
