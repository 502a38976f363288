/**
 * @file Which function of a file's old version is which of its new one. By qualified name first, then by similarity:
 * names repeat, functions have none, and fixes rename them. Labels play no part.
 */
import { ANONYMOUS } from '../../source/name-functions.ts';
import { countTokens, similarity, type TokenCounts } from './similarity.ts';

export interface Matchable {
  readonly qualifiedName: string;
  readonly kind: string;
  readonly name: string | undefined;
  /** Normalised text. */
  readonly text: string;
  /** Types of the parameters: tells overloads apart. Undefined where nobody asks for it. */
  readonly signature?: string;
  /** Index of the function directly around it, which comes earlier in the list. */
  readonly parent: number | undefined;
}

/** Below this two functions of different names, or without one, are two functions. */
const RENAMED = 0.6;
/** The same for anonymous functions that stand in the same function. */
const SAME_PLACE = 0.3;
/** Above this many left-over functions on a side similarity is not computed: the file was rewritten. */
const MAX_COMPARED = 300;

/** For each function of `before` the index of its counterpart in `after`, or undefined. */
export function matchFunctions(
  before: readonly Matchable[],
  after: readonly Matchable[],
): (number | undefined)[] {
  const match = new Array<number | undefined>(before.length).fill(undefined);
  const left = { before: new Set(before.keys()), after: new Set(after.keys()) };
  const tie = (a: number, b: number) => {
    match[a] = b;
    left.before.delete(a);
    left.after.delete(b);
  };
  const sameInOrder = (key: (entry: Matchable) => string) => {
    const queues = groupBy(left.after, (index) => key(after[index]!));
    for (const a of left.before) {
      const b = queues.get(key(before[a]!))?.shift();
      if (b !== undefined) tie(a, b);
    }
  };
  const tieAlike = (olds: readonly number[], news: readonly number[], least: number) => {
    if (olds.length > MAX_COMPARED || news.length > MAX_COMPARED) return;
    for (const [a, b] of alike(before, after, olds, news, least)) tie(a, b);
  };
  const mostAlike = (key: (entry: Matchable) => string | undefined, least: number) => {
    const groups = groupBy(left.after, (index) => key(after[index]!));
    for (const [name, olds] of groupBy(left.before, (index) => key(before[index]!))) {
      tieAlike(olds, groups.get(name) ?? [], least);
    }
  };
  const anonymous = [anonymousByParent(before), anonymousByParent(after)] as const;
  /** Anonymous functions directly in a function whose counterpart is known; outer ones first. */
  const anonymousIn = (outer: number | undefined) => {
    const newOuter = outer === undefined ? undefined : match[outer];
    if (outer !== undefined && newOuter === undefined) return;
    const olds = (anonymous[0].get(outer) ?? []).filter((index) => left.before.has(index));
    const news = (anonymous[1].get(newOuter) ?? []).filter((index) => left.after.has(index));
    tieAlike(olds, news, olds.length === 1 && news.length === 1 ? 0 : SAME_PLACE);
  };
  sameInOrder((entry) => `${entry.kind} ${entry.qualifiedName} ${entry.text}`);
  // A function that only moved (into a class, out of a wrapper) before one that merely shares a name.
  sameInOrder((entry) => `${entry.name ?? ''} ${entry.text}`);
  mostAlike(
    ({ name, qualifiedName, signature }) =>
      name === undefined || signature === undefined ? undefined : `${qualifiedName} ${signature}`,
    0,
  );
  mostAlike((entry) => (entry.name === undefined ? undefined : entry.qualifiedName), 0);
  mostAlike((entry) => entry.name, 0.3);
  mostAlike(labelOf, SAME_PLACE);
  anonymousIn(undefined);
  for (const index of before.keys()) anonymousIn(index);
  mostAlike(() => 'any', RENAMED);
  return match;
}

/** What takes a closure, `Route::get('/user')`; undefined for functions with a name, and for those with neither. */
function labelOf({ name, qualifiedName }: Matchable): string | undefined {
  return name !== undefined || qualifiedName.endsWith(ANONYMOUS) ? undefined : qualifiedName;
}

function anonymousByParent(functions: readonly Matchable[]): Map<number | undefined, number[]> {
  const groups = new Map<number | undefined, number[]>();
  for (const [index, { name, parent }] of functions.entries()) {
    if (name !== undefined) continue;
    const group = groups.get(parent);
    if (group === undefined) groups.set(parent, [index]);
    else group.push(index);
  }
  return groups;
}

/** Pairs of the given functions, most similar first, each function once. Equal similarity: in order. */
function alike(
  before: readonly Matchable[],
  after: readonly Matchable[],
  olds: readonly number[],
  news: readonly number[],
  least: number,
): [number, number][] {
  if (olds.length === 0 || news.length === 0) return [];
  const oldTokens = olds.map((index) => countTokens(before[index]!.text));
  const newTokens = news.map((index) => countTokens(after[index]!.text));
  const scored = olds.flatMap((a, i) =>
    news.map((b, j) => ({ a, b, score: scoreOf(before[a]!, after[b]!, oldTokens[i]!, newTokens[j]!) })),
  );
  scored.sort((x, y) => y.score - x.score || x.a - y.a || x.b - y.b);
  const taken = { a: new Set<number>(), b: new Set<number>() };
  const pairs: [number, number][] = [];
  for (const { a, b, score } of scored) {
    if (score < least || taken.a.has(a) || taken.b.has(b)) continue;
    taken.a.add(a);
    taken.b.add(b);
    pairs.push([a, b]);
  }
  return pairs;
}

/** Likeness, with a little for standing at the same place: short anonymous functions are otherwise too alike. */
function scoreOf(a: Matchable, b: Matchable, aTokens: TokenCounts, bTokens: TokenCounts): number {
  const samePlace = a.qualifiedName === b.qualifiedName ? 0.1 : 0;
  return similarity(aTokens, bTokens) + samePlace;
}

/** Those without a key are left out. */
function groupBy(
  indices: Iterable<number>,
  key: (index: number) => string | undefined,
): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const index of indices) {
    const name = key(index);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [index]);
    else group.push(index);
  }
  return groups;
}
