/** @file The merges that SentencePiece's scores stand for. Knows scores, not files. */
import { type ComponentPlace, unsupported } from './component.ts';

/** Squared lengths of tokens, summed. Published vocabularies reach 20 million. */
const MOST_WORK = 2 ** 28;

/**
 * Looking at every pair of parts of every token takes so much work.
 * @throws VultuneError TOKENIZER_UNSUPPORTED for tokens so long that it would not end in time.
 */
export function mergeWork(tokens: readonly string[], place: ComponentPlace): void {
  const work = tokens.reduce((sum, token) => sum + token.length ** 2, 0);
  if (work > MOST_WORK)
    throw unsupported(place, 'has too many long tokens to find out how they are put together');
}

/**
 * A vocabulary with scores as byte-pair merges: each token from every two tokens that make it up, highest score first;
 * of one score those of shorter parts last (Transformers' `generate_merges`, so that ranks agree). Throws what mergeWork throws.
 */
export function sentencePieceMerges(
  tokens: readonly string[],
  scores: readonly number[],
  place: ComponentPlace,
): (readonly [string, string])[] {
  mergeWork(tokens, place);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges = tokens.flatMap((token, id) => {
    const units = Array.from(token);
    const halves = units.slice(1).map((_, i) => {
      const left = units.slice(0, i + 1).join('');
      const right = units.slice(i + 1).join('');
      return { left, right, leftId: ids.get(left), rightId: ids.get(right), score: scores[id]! };
    });
    return halves.filter((half) => half.leftId !== undefined && half.rightId !== undefined);
  });
  const length = (text: string) => Array.from(text).length;
  return merges
    .map((merge) => ({ ...merge, leftLength: length(merge.left), rightLength: length(merge.right) }))
    .toSorted(
      (a, b) => b.score - a.score || b.leftLength - a.leftLength || b.rightLength - a.rightLength || 0,
    )
    .map(({ left, right }) => [left, right] as const);
}
