/** @file Which of a few numbers is nearest to one: how blockwise codes are chosen. */

/** Equal parts of the range of the numbers, each with the first code that a value in it may have. */
const PARTS = 4096;

/**
 * The index of the nearest number; of two as near in float32, the first one's. `numbers` in any order. Made for billions of values: which
 * is nearest is settled between each two numbers once, by the smallest value that is nearer to the upper one.
 */
export function nearestIn(numbers: ArrayLike<number>): (value: number) => number {
  const held = Float32Array.from(numbers);
  const order = [...held.keys()].toSorted((a, b) => held[a]! - held[b]! || a - b);
  // The first of equal numbers gives the index.
  const codes = order.filter((index, place) => place === 0 || held[index] !== held[order[place - 1]!]);
  const bounds = Float32Array.from({ length: codes.length - 1 }, (_, place) =>
    firstNearer(held, codes[place]!, codes[place + 1]!),
  );
  const lowest = held[codes[0]!]!;
  const scale = PARTS / (held[codes.at(-1)!]! - lowest || 1);
  // A part earlier than the one that a value is counted to: rounding may have moved it up by one.
  const first = Uint16Array.from({ length: PARTS + 1 }, (_, part) => {
    const edge = lowest + (part - 1) / scale;
    return bounds.reduce((count, bound) => count + (bound <= edge ? 1 : 0), 0);
  });
  return (value) => {
    const part = (value - lowest) * scale;
    let place = part <= 0 ? 0 : first[part >= PARTS ? PARTS : part | 0]!;
    while (place < bounds.length && value >= bounds[place]!) place++;
    return codes[place]!;
  };
}

/** The smallest float32 from which on the upper of two neighbours is chosen, by halving the numbers between them. */
function firstNearer(held: Float32Array, below: number, above: number): number {
  const [low, high] = [held[below]!, held[above]!];
  const isUpper = (value: number) => {
    // Rounded as float32 subtracts, which decides between two that are nearly as near.
    const [up, down] = [Math.fround(high - value), Math.fround(value - low)];
    return up !== down ? up < down : above < below;
  };
  let [from, to] = [floatOrder(low), floatOrder(high)];
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (isUpper(floatAt(middle))) to = middle;
    else from = middle;
  }
  return floatAt(to);
}

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** Integers that are ordered as the floats are; both zeros are 0. */
function floatOrder(value: number): number {
  float[0] = value;
  return bits[0]! >= 0 ? bits[0]! : -(bits[0]! & 0x7fffffff);
}

function floatAt(place: number): number {
  bits[0] = place >= 0 ? place : -place | 0x80000000;
  return float[0]!;
}
