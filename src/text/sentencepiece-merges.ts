/** @file The merges that SentencePiece's scores stand for. Knows scores, not files. */

/**
 * A vocabulary with scores as byte-pair merges: each token from every two tokens that make it up, highest score first;
 * of one score those of shorter parts last (Transformers' `generate_merges`, so that ranks agree).
 */
export function sentencePieceMerges(
  tokens: readonly string[],
  scores: readonly number[],
): (readonly [string, string])[] {
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
