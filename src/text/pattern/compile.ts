/**
 * @file From an Oniguruma pattern to a program. What the matcher cannot do in linear time (backreferences, recursion,
 * repetitions of nothing) is refused here, with its name.
 */
import {
  type AlternativeElementNode,
  type AlternativeNode,
  type AssertionNode,
  type LookaroundAssertionNode,
  parse,
  type QuantifiableNode,
  type QuantifierNode,
} from 'oniguruma-parser/parser';
import { CharacterSet, hasNamedSets, setSource } from './character-set.ts';
import { ASSERTIONS, type Assertion, OP, type Op, type Program, type Step } from './program.ts';
import { isNullable, widthOf } from './widths.ts';

/** Steps of a program at most: its work is this many times the length of a text at most. */
const LONGEST_PROGRAM = 2000;
const DEEPEST = 200;
/** In a pattern that ignores case, Oniguruma takes these for one character too (ß, ﬁ, ŉ ...), which we do not. */
const FOLDED_SEQUENCES = /ss|ff|fi|fl|st/i;

/** Why a pattern cannot be run. */
export class UnsupportedPattern extends Error {}

/** @throws UnsupportedPattern. */
export function compilePattern(source: string): Program {
  const compiler = new Compiler();
  const { body, flags } = parsed(source);
  if (flags.extended) throw new UnsupportedPattern('the flag x');
  const start = compiler.alternatives(body, false, 0);
  return { steps: compiler.steps, start, sets: compiler.sets, splits: compiler.splits };
}

function parsed(source: string) {
  try {
    return parse(source, { skipPropertyNameValidation: true, normalizeUnknownPropertyNames: true });
  } catch (cause) {
    throw new UnsupportedPattern(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

class Compiler {
  readonly steps: Step[] = [];
  readonly sets: CharacterSet[] = [];
  splits = 0;
  readonly #known = new Map<string, number>();

  /** A program of its own: returns where it begins. Programs inside it are put before it. */
  alternatives(body: readonly AlternativeNode[], ignoreCase: boolean, depth: number): number {
    const inner = new Part(this, depth);
    inner.alternatives(body, ignoreCase);
    inner.add(OP.ACCEPT);
    return this.append(inner.steps);
  }

  append(part: readonly Step[]): number {
    const start = this.steps.length;
    for (const step of part) {
      const moves = step.op === OP.SPLIT || step.op === OP.JUMP;
      this.steps.push(
        moves ? { ...step, a: step.a + start, b: step.op === OP.SPLIT ? step.b + start : step.b } : step,
      );
    }
    if (this.steps.length > LONGEST_PROGRAM) {
      throw new UnsupportedPattern(`more than ${LONGEST_PROGRAM} steps`);
    }
    return start;
  }

  set(source: string, ignoreCase: boolean): number {
    const key = `${ignoreCase}${source}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.sets.push(new CharacterSet(source, ignoreCase));
    this.#known.set(key, this.sets.length - 1);
    return this.sets.length - 1;
  }
}

/** The steps of one program, numbered from 0. */
class Part {
  readonly steps: Step[] = [];
  readonly #compiler: Compiler;
  #depth: number;

  constructor(compiler: Compiler, depth: number) {
    this.#compiler = compiler;
    this.#depth = depth;
  }

  add(op: Op, a = 0, b = 0, c = 0): number {
    if (this.steps.length > LONGEST_PROGRAM) {
      throw new UnsupportedPattern(`more than ${LONGEST_PROGRAM} steps`);
    }
    this.steps.push({ op, a, b, c });
    return this.steps.length - 1;
  }

  alternatives(body: readonly AlternativeNode[], ignoreCase: boolean): void {
    if (++this.#depth > DEEPEST) throw new UnsupportedPattern(`more than ${DEEPEST} groups in each other`);
    const jumps: number[] = [];
    for (const [i, alternative] of body.entries()) {
      const last = i === body.length - 1;
      const split = last ? -1 : this.#split();
      this.#sequence(alternative.body, ignoreCase);
      if (last) break;
      jumps.push(this.add(OP.JUMP));
      this.#aim(split, split + 1, this.steps.length);
    }
    for (const jump of jumps) this.#aim(jump, this.steps.length, 0);
    this.#depth--;
  }

  #sequence(nodes: readonly AlternativeElementNode[], ignoreCase: boolean): void {
    let text = '';
    for (const node of nodes) {
      text += node.type === 'Character' ? String.fromCodePoint(node.value) : '\0';
      this.#element(node, ignoreCase);
    }
    if (ignoreCase && FOLDED_SEQUENCES.test(text)) {
      throw new UnsupportedPattern(`"${text.replaceAll('\0', '')}" without regard to case`);
    }
  }

  #element(node: AlternativeElementNode, ignoreCase: boolean): void {
    switch (node.type) {
      case 'Character':
      case 'CharacterClass':
      case 'CharacterSet': {
        const source = setSource(node);
        if (source === undefined) throw new UnsupportedPattern(nameOf(node));
        const named = hasNamedSets(node);
        if (ignoreCase && named && node.type === 'CharacterClass') {
          throw new UnsupportedPattern('a class with named sets, without regard to case');
        }
        this.add(OP.SET, this.#compiler.set(source, ignoreCase && !named));
        return;
      }
      case 'Group':
        if (node.atomic === true) {
          this.add(OP.ATOMIC, this.#compiler.alternatives(node.body, ignoreCase, this.#depth + 1));
        } else this.alternatives(node.body, caseOf(node.flags, ignoreCase));
        return;
      case 'CapturingGroup':
        this.alternatives(node.body, ignoreCase);
        return;
      case 'Quantifier':
        this.#quantifier(node, ignoreCase);
        return;
      case 'Assertion':
        this.add(OP.ASSERT, ASSERTIONS.indexOf(assertionOf(node)));
        return;
      case 'LookaroundAssertion':
        this.#look(node, ignoreCase);
        return;
      case 'AbsenceFunction':
      case 'Backreference':
      case 'Directive':
      case 'NamedCallout':
      case 'Subroutine':
        throw new UnsupportedPattern(nameOf(node));
    }
  }

  #quantifier({ kind, min, max, body }: QuantifierNode, ignoreCase: boolean): void {
    if (kind === 'possessive') {
      const inner = new Part(this.#compiler, this.#depth + 1);
      inner.#repeat(body, min, max, false, ignoreCase);
      inner.add(OP.ACCEPT);
      this.add(OP.ATOMIC, this.#compiler.append(inner.steps));
    } else this.#repeat(body, min, max, kind === 'lazy', ignoreCase);
  }

  #repeat(body: QuantifiableNode, min: number, max: number, lazy: boolean, ignoreCase: boolean): void {
    if (max < min) throw new UnsupportedPattern(`the repetition {${min},${max}}`);
    if (max > 1 && isNullable(body)) throw new UnsupportedPattern('a repetition of what may be empty');
    for (let i = 0; i < min; i++) this.#element(body, ignoreCase);
    const splits: number[] = [];
    if (max === Number.POSITIVE_INFINITY) {
      splits.push(this.#split());
      this.#element(body, ignoreCase);
      this.add(OP.JUMP, splits[0]);
    } else {
      for (let i = min; i < max; i++) {
        splits.push(this.#split());
        this.#element(body, ignoreCase);
      }
    }
    const end = this.steps.length;
    for (const split of splits) this.#aim(split, lazy ? end : split + 1, lazy ? split + 1 : end);
  }

  #look(node: LookaroundAssertionNode, ignoreCase: boolean): void {
    const negate = node.negate ? 1 : 0;
    if (node.kind === 'lookahead') {
      const start = this.#compiler.alternatives(node.body, ignoreCase, this.#depth + 1);
      this.add(OP.LOOK, start, negate, 0);
      return;
    }
    const widths = node.body.map((alternative) => widthOf(alternative.body));
    const [width] = widths;
    if (width === undefined || widths.some((other) => other !== width)) {
      throw new UnsupportedPattern('a lookbehind of more than one length');
    }
    const start = this.#compiler.alternatives(node.body, ignoreCase, this.#depth + 1);
    this.add(OP.LOOK, start, negate, width);
  }

  #split(): number {
    return this.add(OP.SPLIT, 0, 0, this.#compiler.splits++);
  }

  #aim(at: number, a: number, b: number): void {
    this.steps[at] = { ...this.steps[at]!, a, b };
  }
}

function assertionOf({ kind, negate }: AssertionNode): Assertion {
  if (kind === 'word_boundary') return negate === true ? 'no_word_boundary' : kind;
  const found = ASSERTIONS.find((assertion) => assertion === kind);
  if (found === undefined || negate === true) throw new UnsupportedPattern(kind);
  return found;
}

interface Modifiers {
  readonly enable?: object;
  readonly disable?: object;
}

function caseOf(flags: Modifiers | undefined, before: boolean): boolean {
  if (flags === undefined) return before;
  const { enable = {}, disable = {} } = flags;
  const other = [...Object.keys(enable), ...Object.keys(disable)].find((flag) => flag !== 'ignoreCase');
  if (other !== undefined) throw new UnsupportedPattern(`the flag ${other}`);
  return 'ignoreCase' in enable || (before && !('ignoreCase' in disable));
}

const nameOf = (node: { readonly type: string; readonly kind?: string; readonly value?: unknown }) =>
  [node.type, node.kind, node.value].filter((part) => typeof part === 'string').join(' ');
