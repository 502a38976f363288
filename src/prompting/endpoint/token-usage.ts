/** @file Tokens of calls: counted or estimated on our side, and as a server says them where that can be true. */

export interface TokenUsage {
  readonly prompt: number;
  readonly completion: number;
}

export interface OwnTokenCount {
  readonly count: (text: string) => number;
  /** In words, for the user: by which tokenizer, or that it is an estimate. */
  readonly how: string;
  readonly isEstimate: boolean;
}

/** Code has some three characters a token with the tokenizers of today; an estimate, and called one. */
const CHARACTERS_PER_TOKEN = 3;

export const estimatedTokens: OwnTokenCount = {
  count: (text) => Math.ceil(text.length / CHARACTERS_PER_TOKEN),
  how: `an estimate of ${CHARACTERS_PER_TOKEN} characters a token`,
  isEstimate: true,
};

/** What chat templates and hidden instructions of a server add. */
const MOST_ADDED = 5000;

/**
 * Whether a server's count can be true: whole numbers, no more tokens than the prompt has bytes (and a template adds), no more than
 * were allowed for the answer. Reasoning models count tokens that are not shown, within what was allowed.
 */
export function isPlausible(
  { prompt, completion }: TokenUsage,
  asked: { readonly promptText: string; readonly maxTokens: number },
): boolean {
  const most = Buffer.byteLength(asked.promptText) + MOST_ADDED;
  const isCount = (value: number, from: number, to: number) =>
    Number.isSafeInteger(value) && value >= from && value <= to;
  return isCount(prompt, 1, most) && isCount(completion, 0, asked.maxTokens + 16);
}
