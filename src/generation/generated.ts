/** @file What a model said to a prompt. The type alone. */

export interface Generated {
  /** What the model said, without special tokens, up to a stop string. */
  readonly text: string;
  /** Every new token: the one that ended the answer and those of a stop string too. */
  readonly ids: readonly number[];
  /** `end`: the model said that it has finished; `stop`: a stop string; `length`: maxNewTokens, or the model's last position. */
  readonly finish: 'end' | 'stop' | 'length';
  readonly promptTokens: number;
}
