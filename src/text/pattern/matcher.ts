/**
 * @file Runs a program over a text without ever doing the same work twice: what came of a choice at a place is
 * remembered, so that the work is at most the length of the program times that of the text. First alternative wins, as
 * with engines that go back.
 */
import { CharacterSet, WORD_SET } from './character-set.ts';
import { ASSERTIONS, type Assertion, OP, type Program } from './program.ts';

/** Places of a text in one page of memory; pages before the place a search has come to are given up. */
const PAGE = 256;
/** Memory for what is remembered at most: 2^25 numbers (128 MiB). */
const MOST_REMEMBERED = 2 ** 25;
const [UNKNOWN, FAILED, ENDS] = [0, 1, 2] as const;
const NO_MATCH = -1;

/** More memory is needed than there is for one text. */
export class TooMuchToRemember extends Error {}

const word = new CharacterSet(WORD_SET, false);

export class Matcher {
  readonly #program: Program;
  /** Steps done since the matcher was made: what its tests count. */
  stepsDone = 0;
  #text = '';
  /** [text.length / PAGE] what came of each choice: UNKNOWN, FAILED, or ENDS plus the place where the match ends. */
  #pages: (Int32Array | undefined)[] = [];
  #livePages = 0;
  #firstPage = 0;
  readonly #spare: Int32Array[] = [];
  /** Choices on the way to here: page numbers and indices in them. */
  readonly #wayPages: number[] = [];
  readonly #wayIndices: number[] = [];
  /** Second alternatives not yet tried: step, place, length of the way then. */
  readonly #open: number[] = [];

  constructor(program: Program) {
    this.#program = program;
  }

  /** Begins with another text. */
  reset(text: string): void {
    this.#text = text;
    this.#forgetBefore(Number.POSITIVE_INFINITY);
    this.#pages = [];
    this.#firstPage = 0;
    this.#wayPages.length = 0;
    this.#wayIndices.length = 0;
    this.#open.length = 0;
  }

  /** The leftmost match from a place on: its start and end, undefined where there is none. */
  next(from: number): readonly [number, number] | undefined {
    for (let start = from; start <= this.#text.length; start += this.#width(start)) {
      this.#forgetBefore(start - 1);
      const end = this.#run(this.#program.start, start);
      if (end !== NO_MATCH) return [start, end];
    }
    return undefined;
  }

  /** Where the program that begins at `step` ends when it begins at `place`. */
  #run(step: number, place: number): number {
    const { steps, sets } = this.#program;
    const text = this.#text;
    const firstOpen = this.#open.length;
    const firstWay = this.#wayPages.length;
    let [at, pos] = [step, place];
    for (;;) {
      const { op, a, b, c } = steps[at]!;
      this.stepsDone++;
      let failed = false;
      switch (op) {
        case OP.SET: {
          const codePoint = pos < text.length ? text.codePointAt(pos)! : -1;
          if (codePoint >= 0 && sets[a]!.has(codePoint)) {
            pos += codePoint > 0xffff ? 2 : 1;
            at++;
          } else failed = true;
          break;
        }
        case OP.JUMP:
          at = a;
          break;
        case OP.SPLIT: {
          const page = this.#page(pos);
          const index = (pos % PAGE) * this.#program.splits + c;
          const known = page[index]!;
          if (known >= ENDS) return this.#succeed(firstOpen, firstWay, known - ENDS);
          if (known === FAILED) {
            failed = true;
            break;
          }
          this.#wayPages.push(Math.floor(pos / PAGE));
          this.#wayIndices.push(index);
          this.#open.push(b, pos, this.#wayPages.length);
          at = a;
          break;
        }
        case OP.ASSERT:
          failed = !this.#holds(ASSERTIONS[a]!, pos);
          at++;
          break;
        case OP.LOOK: {
          const from = this.#back(pos, c);
          const found = from !== undefined && this.#run(a, from) !== NO_MATCH;
          failed = found === (b === 1);
          at++;
          break;
        }
        case OP.ATOMIC: {
          const end = this.#run(a, pos);
          failed = end === NO_MATCH;
          pos = end;
          at++;
          break;
        }
        case OP.ACCEPT:
          return this.#succeed(firstOpen, firstWay, pos);
      }
      if (!failed) continue;
      if (this.#open.length === firstOpen) {
        this.#remember(firstWay, FAILED);
        return NO_MATCH;
      }
      this.#remember(this.#open.pop()!, FAILED);
      pos = this.#open.pop()!;
      at = this.#open.pop()!;
    }
  }

  #succeed(firstOpen: number, firstWay: number, end: number): number {
    this.#open.length = firstOpen;
    this.#remember(firstWay, ENDS + end);
    return end;
  }

  /** What came of the choices on the way from `first` on, which is left. */
  #remember(first: number, outcome: number): void {
    for (let i = first; i < this.#wayPages.length; i++) {
      const page = this.#pages[this.#wayPages[i]!];
      if (page !== undefined) page[this.#wayIndices[i]!] = outcome;
    }
    this.#wayPages.length = first;
    this.#wayIndices.length = first;
  }

  #page(place: number): Int32Array {
    const number = Math.floor(place / PAGE);
    const found = this.#pages[number];
    if (found !== undefined) return found;
    const size = PAGE * this.#program.splits;
    if (++this.#livePages * size > MOST_REMEMBERED) throw new TooMuchToRemember();
    const page = this.#spare.pop() ?? new Int32Array(size);
    page.fill(UNKNOWN);
    this.#pages[number] = page;
    this.#firstPage = Math.min(this.#firstPage, number);
    return page;
  }

  #forgetBefore(place: number): void {
    const last = Math.min(Math.floor(place / PAGE), this.#pages.length);
    for (; this.#firstPage < last; this.#firstPage++) {
      const page = this.#pages[this.#firstPage];
      if (page === undefined) continue;
      this.#pages[this.#firstPage] = undefined;
      this.#livePages--;
      if (this.#spare.length < 8) this.#spare.push(page);
    }
  }

  #holds(assertion: Assertion, place: number): boolean {
    const text = this.#text;
    switch (assertion) {
      case 'line_start':
        return place === 0 || (text[place - 1] === '\n' && place < text.length);
      case 'line_end':
        return place === text.length || text[place] === '\n';
      case 'string_start':
        return place === 0;
      case 'string_end':
        return place === text.length;
      case 'string_end_newline':
        return place === text.length || (place === text.length - 1 && text[place] === '\n');
      case 'word_boundary':
        return this.#wordAt(place) !== this.#wordBefore(place);
      case 'no_word_boundary':
        return this.#wordAt(place) === this.#wordBefore(place);
    }
  }

  #wordAt(place: number): boolean {
    return place < this.#text.length && word.has(this.#text.codePointAt(place)!);
  }

  #wordBefore(place: number): boolean {
    const before = this.#back(place, 1);
    return before !== undefined && this.#wordAt(before);
  }

  /** The place some characters before another. */
  #back(place: number, characters: number): number | undefined {
    let at = place;
    for (let i = 0; i < characters; i++) {
      if (at === 0) return undefined;
      at--;
      const unit = this.#text.charCodeAt(at);
      if (unit >= 0xdc00 && unit <= 0xdfff && at > 0) at--;
    }
    return at;
  }

  #width(place: number): number {
    return (this.#text.codePointAt(place) ?? 0) > 0xffff ? 2 : 1;
  }
}
