/**
 * @file Cross-entropy of the next token over the whole vocabulary, summed over tokens: what language models are trained by. Rows are
 * taken in chunks, so that memory is that of a chunk's logits whatever the number of tokens.
 */
import { multiplyDims } from '../graph/dim.ts';
import { languageModel } from '../heads/language-model.ts';
import type { Model } from '../model/spec.ts';
import { float32, int64 } from '../tensor/host-tensor.ts';
import type { Label } from './classification.ts';
import type { RowObjective } from './objective.ts';

export interface NextTokens {
  readonly label: Label;
  /** [tokens] the token that follows each token of the function. */
  readonly next: readonly number[];
  /** The first token whose next one counts; those behind it count too. */
  readonly from: number;
}

/** Logits of one chunk: 32 MB; with logarithms, gradients and what is freed late, a run peaks at some 14 times that, measured. */
const MOST_LOGITS = 2 ** 23;

/** Rows of logits that are computed at one time. */
export const chunkRows = (vocabularySize: number): number =>
  Math.max(1, Math.floor(MOST_LOGITS / vocabularySize));

/**
 * sum over functions of weight * sum over their tokens of -log p(next token), nats.
 * @param chunk rows of logits at one time; default: {@link chunkRows}
 * @throws VultuneError NEXT_TOKEN_UNSUPPORTED for an encoder
 */
export function nextToken(
  model: Model,
  chunk: number = chunkRows(model.vocabularySize),
): RowObjective<NextTokens> {
  return {
    id: 'next token',
    head: languageModel(model, 'every'),
    loss: (b, logits) => {
      const [N, V] = logits.shape as [string, number];
      const flat = b.reshape(b.logSoftmax(logits), [multiplyDims(N, V)]); // [N*V]
      const logp = b.gather(flat, b.input('next_tokens', 'int64', [N])); // [N]
      return b.neg(b.reduceSum(b.mul(logp, b.input('token_weights', 'float32', [N])), [0]));
    },
    terms: (examples) =>
      examples.reduce((sum, { target: { next, from } }) => sum + Math.max(0, next.length - from), 0),
    rows: (examples, { flatTokens }, scale) => {
      const V = model.vocabularySize;
      // Functions that share a beginning share its tokens: the same token before the same next one is one row.
      const places = new Map<number, number>();
      const [tokens, nexts, weights]: [number[], number[], number[]] = [[], [], []];
      for (const [b, { target, weight }] of examples.entries()) {
        for (let s = target.from; s < target.next.length; s++) {
          const token = flatTokens[b]![s]!;
          const next = target.next[s]!;
          const key = token * V + next;
          const place = places.get(key);
          if (place !== undefined) {
            weights[place]! += weight * scale;
            continue;
          }
          places.set(key, tokens.length);
          tokens.push(token);
          nexts.push(next);
          weights.push(weight * scale);
        }
      }
      return {
        tokens: Int32Array.from(tokens),
        chunk,
        feeds: (from, to) => ({
          // Where each row's next token stands in the chunk's logits, row after row.
          next_tokens: int64(
            [to - from],
            nexts.slice(from, to).map((next, row) => row * V + next),
          ),
          token_weights: float32([to - from], weights.slice(from, to)),
        }),
      };
    },
  };
}
