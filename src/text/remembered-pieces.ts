/** @file Token ids of one piece, remembered: source code repeats its words. */

/** Pieces remembered at most; when there are more, all are forgotten (simple, and rare with code). */
const REMEMBERED_PIECES = 2 ** 17;
/** Longer pieces are not remembered: they do not come again. */
const LONGEST_REMEMBERED = 64;

export function rememberingPieces(
  encode: (piece: string) => readonly number[],
): (piece: string) => readonly number[] {
  const remembered = new Map<string, readonly number[]>();
  return (piece) => {
    const found = remembered.get(piece);
    if (found !== undefined) return found;
    const ids = encode(piece);
    if (piece.length <= LONGEST_REMEMBERED) {
      if (remembered.size >= REMEMBERED_PIECES) remembered.clear();
      remembered.set(ownCopy(piece), ids);
    }
    return ids;
  };
}

/** A piece cut from a text keeps the whole text in memory; a copy does not. */
function ownCopy(piece: string): string {
  return Buffer.from(piece, 'utf8').toString('utf8');
}
