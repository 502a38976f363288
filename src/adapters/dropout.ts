/**
 * @file Dropout from hashes instead of a generator's state: whether an element is dropped depends only on the keys of its
 * row (seed, step, the tokens that it sees) and column (module, feature). So a function drops the same inputs alone or
 * packed, two functions the same of what they begin with alike, and a resumed run the same as one that was never stopped.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/graph.ts';
import { hostTensor } from '../tensor/host-tensor.ts';

/** A bijection of 32-bit integers that mixes well (the finalizer of MurmurHash3). */
export function mix32(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** FNV-1a of a text: the stream of a module. */
function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/**
 * Keys of the rows of one function at one step: [length], uint32. Causal: a hash of the tokens up to and including the
 * row's own. Else, as every token sees all of them and nothing can be shared: a hash of all tokens, and the position; of
 * tokens up to its own, the first would be dropped from alike in every function, which all begin with the same one.
 *
 * 32 bits are enough: which tokens two functions share is decided by the tokens, never by the hash, so that two beginnings of one
 * hash are computed apart and only dropped from alike. The step is in the hash, so this lasts for one step, and among the 10^4
 * tokens of a step it happens once in a hundred steps.
 */
export function rowKeys(
  tokens: ArrayLike<number>,
  { seed, step, isCausal }: { readonly seed: number; readonly step: number; readonly isCausal: boolean },
): Uint32Array {
  const keys = new Uint32Array(tokens.length);
  let hash = mix32(mix32(seed) ^ step);
  for (let position = 0; position < keys.length; position++) {
    // One more, since mix32 leaves 0 as it is: a row of token 0 must not stay there.
    hash = mix32(hash ^ (tokens[position]! + 1));
    keys[position] = hash;
  }
  return isCausal ? keys : keys.map((_, position) => mix32(hash ^ position));
}

/** Elements of x [N, in] kept with probability 1 - p and divided by it; `rows` [N, 1] uint32; `module` names the stream. */
export function dropout(b: GraphBuilder, x: Value, rows: Value, module: string, probability: number): Value {
  const width = x.shape[1] as number;
  const stream = hashText(module);
  const columns = Uint32Array.from({ length: width }, (_, i) => mix32(stream ^ mix32(i)));
  const keys = b.bitXor(rows, b.constant(hostTensor('uint32', [1, width], columns)));
  // Both keys are mixed already; one more round takes away what the xor of two leaves related.
  const h = b.mul(keys, b.uint32(0x85ebca6b));
  const bits = b.mul(b.bitXor(h, b.shiftRight(h, 15)), b.uint32(0xc2b2ae35));
  const dropped = b.less(bits, b.uint32(Math.round(probability * 2 ** 32) >>> 0));
  return b.mul(x, b.where(dropped, b.scalar(0), b.scalar(1 / (1 - probability))));
}
