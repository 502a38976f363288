/** @file The stack, the marks and the memo of a pickle's reader, with limits of each. Throws a message alone, as rebuild.ts does. */
import type { PickleValue } from './pickle-value.ts';
import { Unexpected } from './unexpected.ts';

/** A tensor takes about 35 values on the stack and 8 objects: enough for a hundred thousand in one file. */
const MOST_VALUES = 2 ** 22;
const MOST_OBJECTS = 2 ** 20;
/** torch.save nests values four deep. */
const MOST_MARKS = 1000;
/** Pickle numbers what it remembers one by one; some begin with 1. */
const MOST_SKIPPED = 1000;

export class PickleStack {
  readonly #values: PickleValue[] = [];
  /** Heights of the stack. */
  readonly #marks: number[] = [];
  readonly #memo: (PickleValue | undefined)[] = [];
  #pushed = 0;
  #objects = 0;

  get size(): number {
    return this.#values.length;
  }

  push(value: PickleValue): void {
    if (++this.#pushed > MOST_VALUES) throw new Unexpected(`more than ${MOST_VALUES} values`);
    this.#values.push(value);
  }

  /** As push, for what takes memory of its own. */
  pushObject(value: PickleValue): void {
    if (++this.#objects > MOST_OBJECTS) throw new Unexpected(`more than ${MOST_OBJECTS} objects`);
    this.push(value);
  }

  mark(): void {
    if (this.#marks.length === MOST_MARKS) throw new Unexpected(`more than ${MOST_MARKS} open marks`);
    this.#marks.push(this.#values.length);
  }

  pop(): PickleValue {
    this.#require(1);
    return this.#values.pop()!;
  }

  popPair(): readonly [PickleValue, PickleValue] {
    const last = this.pop();
    return [this.pop(), last];
  }

  popSeveral(count: number): PickleValue[] {
    this.#require(count);
    return this.#values.splice(this.#values.length - count, count);
  }

  popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw new Unexpected('values up to a mark where there is none');
    return this.#values.splice(mark);
  }

  top(): PickleValue {
    this.#require(1);
    return this.#values.at(-1)!;
  }

  /** Without an index: under the next one. */
  remember(index = this.#memo.length): void {
    const { length } = this.#memo;
    if (index >= MOST_VALUES) throw new Unexpected(`more than ${MOST_VALUES} remembered values`);
    if (index > length + MOST_SKIPPED) throw new Unexpected(`value ${index} remembered after ${length}`);
    this.#memo[index] = this.top();
  }

  recall(index: number): void {
    const value = this.#memo[index];
    if (value === undefined) throw new Unexpected(`value ${index}, which was never remembered`);
    this.push(value);
  }

  /** What lies under the last mark belongs to what was begun before. */
  #require(count: number): void {
    const left = this.#values.length - (this.#marks.at(-1) ?? 0);
    if (left < count) throw new Unexpected(`an opcode that takes ${count} values where ${left} are`);
  }
}
