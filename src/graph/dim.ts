/**
 * @file Sizes that may be unknown until run time: polynomials in named symbols, kept as canonical text ("B*S",
 * "2*N + 1"), so that two sizes are equal exactly when they are the same string or number.
 */
import { invariant } from '../base/errors.ts';

/** A known size, or a canonical polynomial in symbols such as "N" or "B*S". */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** Monomial ("" for the constant term, "B*S") to its coefficient. */
type Polynomial = Map<string, number>;

function parse(dim: Dim): Polynomial {
  if (typeof dim === 'number') return new Map([['', dim]]);
  const terms: Polynomial = new Map();
  for (const term of dim.split('+')) {
    const factors = term.split('*').map((factor) => factor.trim());
    const symbols = factors.filter((factor) => !/^\d+$/.test(factor));
    invariant(
      symbols.every((symbol) => /^[A-Za-z_]\w*$/.test(symbol)),
      `"${dim}" is not a size`,
    );
    const coefficient = factors.reduce((c, factor) => (/^\d+$/.test(factor) ? c * Number(factor) : c), 1);
    const monomial = symbols.sort().join('*');
    terms.set(monomial, (terms.get(monomial) ?? 0) + coefficient);
  }
  return terms;
}

function print(terms: Polynomial): Dim {
  const nonZero = [...terms].filter(([, coefficient]) => coefficient !== 0);
  if (nonZero.length === 0) return 0;
  if (nonZero.length === 1 && nonZero[0]![0] === '') return nonZero[0]![1];
  return nonZero
    .sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1))
    .map(([monomial, c]) => (monomial === '' ? `${c}` : c === 1 ? monomial : `${c}*${monomial}`))
    .join(' + ');
}

/** The canonical form: call it on sizes that people write. */
export function canonicalDim(dim: Dim): Dim {
  return print(parse(dim));
}

export function multiplyDims(a: Dim, b: Dim): Dim {
  const product: Polynomial = new Map();
  for (const [m1, c1] of parse(a)) {
    for (const [m2, c2] of parse(b)) {
      const monomial = [...m1.split('*'), ...m2.split('*')].filter(Boolean).sort().join('*');
      product.set(monomial, (product.get(monomial) ?? 0) + c1 * c2);
    }
  }
  return print(product);
}

export function addDims(a: Dim, b: Dim): Dim {
  const sum = parse(a);
  for (const [monomial, c] of parse(b)) sum.set(monomial, (sum.get(monomial) ?? 0) + c);
  return print(sum);
}

/** a - b, undefined unless that is a size whatever the symbols are (no coefficient below 0). */
export function subtractDims(a: Dim, b: Dim): Dim | undefined {
  const difference = parse(a);
  for (const [monomial, c] of parse(b)) difference.set(monomial, (difference.get(monomial) ?? 0) - c);
  return [...difference.values()].every((c) => c >= 0) ? print(difference) : undefined;
}

/** Number of elements of a shape. */
export function shapeSize(shape: Shape): Dim {
  return shape.reduce<Dim>((size, dim) => multiplyDims(size, dim), 1);
}

export function symbolsOf(dim: Dim): string[] {
  if (typeof dim === 'number') return [];
  return [...new Set([...parse(dim).keys()].flatMap((monomial) => monomial.split('*')).filter(Boolean))];
}

/** The size once every symbol has a value. Throws when one has none. */
export function evaluateDim(dim: Dim, bindings: ReadonlyMap<string, number>): number {
  if (typeof dim === 'number') return dim;
  let total = 0;
  for (const [monomial, coefficient] of parse(dim)) {
    let term = coefficient;
    for (const symbol of monomial.split('*').filter(Boolean)) {
      const value = bindings.get(symbol);
      invariant(value !== undefined, `size "${symbol}" has no value`);
      term *= value;
    }
    total += term;
  }
  return total;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}
