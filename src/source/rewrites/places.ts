/** @file Where in a syntax tree a node stands, in the words of the rewrites' rules. */
import type { FlatNode } from '../syntax.ts';

export class Places {
  readonly #nodes: readonly FlatNode[];
  /** By parent: the texts of its tokens. */
  readonly #tokens = new Map<number, Set<string>>();
  /** By node: how many named ones stand before it under the same parent. */
  readonly #ordinals: number[] = [];

  constructor(nodes: readonly FlatNode[]) {
    this.#nodes = nodes;
    const counts = new Map<number, number>();
    for (const [index, { parent, kind, isNamed }] of nodes.entries()) {
      const before = counts.get(parent) ?? 0;
      this.#ordinals[index] = before;
      if (isNamed) {
        counts.set(parent, before + 1);
        continue;
      }
      const known = this.#tokens.get(parent);
      if (known === undefined) this.#tokens.set(parent, new Set([kind]));
      else known.add(kind);
    }
  }

  /** Whether one of `places` (as in `NameRules`) is that of the node. */
  isAt(index: number, places: readonly string[]): boolean {
    const { parent, field } = this.#nodes[index]!;
    if (parent < 0 || places.length === 0) return false;
    const holder = this.#nodes[parent]!;
    const kinds = [holder.kind, `${holder.kind}#${this.#ordinals[index]!}`];
    if (field !== undefined) {
      kinds.push(`${holder.kind}.${field}`);
      if (holder.parent >= 0) kinds.push(`${this.#nodes[holder.parent]!.kind}/${holder.kind}.${field}`);
    }
    if (places.some((place) => kinds.includes(place))) return true;
    return places.some((place) => {
      const [kind, token] = place.split('[');
      return token !== undefined && kind === holder.kind && this.#hasToken(parent, token.slice(0, -1));
    });
  }

  #hasToken(index: number, token: string): boolean {
    return this.#tokens.get(index)?.has(token) === true;
  }

  /** Whether the node or one around it is at one of `places`. */
  isWithin(index: number, places: readonly string[]): boolean {
    for (let at = index; at >= 0; at = this.#nodes[at]!.parent) {
      if (this.isAt(at, places)) return true;
    }
    return false;
  }

  /** The nearest node around it of one of these kinds; -1 where there is none. */
  around(index: number, kinds: readonly string[]): number {
    for (let at = this.#nodes[index]!.parent; at >= 0; at = this.#nodes[at]!.parent) {
      if (kinds.includes(this.#nodes[at]!.kind)) return at;
    }
    return -1;
  }

  /** A child in a field; undefined where there is none. */
  child(index: number, field: string): FlatNode | undefined {
    // Children come after their parent, and before whatever stands behind it.
    const { end } = this.#nodes[index]!;
    for (let at = index + 1; at < this.#nodes.length; at++) {
      const node = this.#nodes[at]!;
      if (node.start > end) return undefined;
      if (node.parent === index && node.field === field) return node;
    }
    return undefined;
  }
}
