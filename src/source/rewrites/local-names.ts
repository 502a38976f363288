/**
 * @file The names of a function that can be changed without changing what it does: those whose every occurrence is surely of a
 * variable that the function itself declares. A name that is also a word of a string, a macro's argument or a field's short form stays.
 */
import { LANGUAGES, type LanguageRow } from '../languages.ts';
import type { FlatNode } from '../syntax.ts';
import type { LoneFunction } from './parse-alone.ts';
import { Places } from './places.ts';
import type { NameRules } from './rewrite-row.ts';
import { REWRITE_ROWS } from './rows.ts';

export interface LocalName {
  readonly name: string;
  /** Offsets of its occurrences, ascending. */
  readonly starts: readonly number[];
}

/** What a local variable's name looks like; names that stand for something by convention are left alone. */
const LOCAL = /^[a-z][A-Za-z0-9_]*$/;
const CONVENTIONAL = new Set(['self', 'cls', 'this', 'it', 'super', 'arguments']);

/** The names that may change, in the order of their first occurrences. Empty where the text reads names at run time. */
export function localNames(lone: LoneFunction): LocalName[] {
  const { code, language } = lone;
  const rules = REWRITE_ROWS[language].names;
  if (rules.unsafe?.test(code) === true) return [];
  const reader = new NameReader(lone, rules);
  const names: LocalName[] = [];
  for (const [name, ranges] of reader.declared()) {
    const starts = reader.occurrences(name);
    if (starts === undefined) continue;
    const isCovered = (at: number) => ranges.some(({ from, to }) => at >= from && at < to);
    if (starts.every(isCovered)) names.push({ name, starts });
  }
  return names.sort((a, b) => a.starts[0]! - b.starts[0]!);
}

/** Offsets in which a declaration holds, `from` up to `to`. */
interface Range {
  readonly from: number;
  readonly to: number;
}

class NameReader {
  readonly #lone: LoneFunction;
  readonly #rules: NameRules;
  readonly #places: Places;
  readonly #comments: readonly FlatNode[];
  /** Leaves by their start. */
  readonly #leaves = new Map<number, number>();
  /** Where each word stands: thousands of names are not each sought in the whole text. */
  readonly #words = new Map<string, number[]>();

  constructor(lone: LoneFunction, rules: NameRules) {
    this.#lone = lone;
    this.#rules = rules;
    this.#places = new Places(lone.nodes);
    const row: LanguageRow = LANGUAGES[lone.language];
    this.#comments = lone.nodes.filter(({ kind }) => row.comments.includes(kind));
    for (const [index, node] of lone.nodes.entries()) {
      if (node.isLeaf && node.end > node.start) this.#leaves.set(node.start, index);
    }
    for (const { 0: word, index: at } of lone.code.matchAll(/\w+/g)) {
      const known = this.#words.get(word);
      if (known === undefined) this.#words.set(word, [at]);
      else known.push(at);
    }
  }

  /** Name → where its declarations hold. */
  declared(): Map<string, Range[]> {
    const found = new Map<string, Range[]>();
    const kept = new Set<string>();
    for (const [index, node] of this.#lone.nodes.entries()) {
      if (!node.isLeaf || !this.#isVariable(index)) continue;
      const name = this.#text(node);
      if (!LOCAL.test(name) || CONVENTIONAL.has(name)) continue;
      const ranges = this.#declaration(index);
      if (ranges === 'kept') kept.add(name);
      else if (ranges !== undefined) found.set(name, [...(found.get(name) ?? []), ...ranges]);
    }
    for (const name of kept) found.delete(name);
    return found;
  }

  /** Undefined where one of them may be something else. */
  occurrences(name: string): number[] | undefined {
    const { nodes } = this.#lone;
    const starts: number[] = [];
    for (const at of this.#words.get(name) ?? []) {
      const leaf = this.#leaves.get(at);
      const node = leaf === undefined ? undefined : nodes[leaf]!;
      const isExact = node !== undefined && node.end === at + name.length;
      if (leaf !== undefined && isExact && this.#isVariable(leaf)) {
        const { opaque, blockers = [] } = this.#rules;
        if (this.#places.isAt(leaf, blockers) || this.#places.isWithin(leaf, opaque)) return undefined;
        starts.push(at);
      } else if (!(isExact && this.#isOther(leaf!)) && !this.#isLeftAlone(at)) return undefined;
    }
    return starts;
  }

  #text({ start, end }: FlatNode): string {
    return this.#lone.code.slice(start, end);
  }

  #isVariable(index: number): boolean {
    const { leaves, leafParent, others } = this.#rules;
    const { kind, parent } = this.#lone.nodes[index]!;
    if (!leaves.includes(kind)) return false;
    if (leafParent !== undefined && this.#lone.nodes[parent]?.kind !== leafParent) return false;
    return !this.#places.isAt(index, others);
  }

  #isOther(index: number): boolean {
    const { leaves, otherLeaves } = this.#rules;
    const { kind } = this.#lone.nodes[index]!;
    return otherLeaves.includes(kind) || leaves.includes(kind);
  }

  /** A word of a comment, or of a token of another name space: `@name`. */
  #isLeftAlone(at: number): boolean {
    const { otherLeaves } = this.#rules;
    const holds = ({ start, end }: FlatNode) => start <= at && at < end;
    return (
      this.#comments.some(holds) ||
      this.#lone.nodes.some((node) => node.isLeaf && otherLeaves.includes(node.kind) && holds(node))
    );
  }

  /** `kept`: a declaration whose name is not to be changed. */
  #declaration(leaf: number): Range[] | 'kept' | undefined {
    const { nodes } = this.#lone;
    const { patterns, declares, keptDeclaration, scopes, from, bodyOnly, functionScoped } = this.#rules;
    let at = leaf;
    const passed: number[] = [];
    while (this.#places.isAt(at, patterns)) {
      at = nodes[at]!.parent;
      passed.push(at);
    }
    if (!this.#places.isAt(at, declares)) return undefined;
    const holder = nodes[at]!.parent;
    if ([...passed, holder].some((index) => keptDeclaration?.test(this.#text(nodes[index]!)) === true))
      return 'kept';
    const name = nodes[leaf]!;
    // A loop's variable is of its body, a closure's parameter of its own: what stands beside it is read outside.
    if (scopes.includes(nodes[holder]!.kind)) {
      const body = this.#places.child(holder, 'body');
      if (body !== undefined) return [own(name), { from: body.start, to: body.end }];
      return [{ from: name.start, to: nodes[holder]!.end }];
    }
    const isOfFunction = functionScoped?.includes(nodes[nodes[holder]!.parent]?.kind ?? '') === true;
    const row: LanguageRow = LANGUAGES[this.#lone.language];
    const scope = this.#widened(this.#places.around(holder, isOfFunction ? row.functions : scopes));
    if (scope < 0) return undefined;
    const body = bodyOnly === true ? this.#places.child(scope, 'body') : undefined;
    const { start, end } = body ?? nodes[scope]!;
    if (from === 'scope') return [{ from: start, to: end }];
    if (from === 'name') return [{ from: name.start, to: end }];
    return [own(name), { from: nodes[holder]!.end, to: end }];
  }

  /** A declarator's parameters are of the function that it heads; elsewhere (a pointer to a function) they end with it. */
  #widened(scope: number): number {
    const { nodes } = this.#lone;
    if (nodes[scope]?.kind.endsWith('function_declarator') !== true) return scope;
    let at = scope;
    while (nodes[at]!.field === 'declarator' && nodes[at]!.parent >= 0) at = nodes[at]!.parent;
    return /^(?:function_definition|lambda_expression)$/.test(nodes[at]!.kind) ? at : scope;
  }
}

const own = ({ start, end }: FlatNode): Range => ({ from: start, to: end });
