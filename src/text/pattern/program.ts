/**
 * @file A regular expression as a program for pattern/matcher.ts: what there is to do at each step. Programs of lookaround
 * and of atomic groups stand in the same list; each ends with ACCEPT.
 */
import type { CharacterSet } from './character-set.ts';

export const OP = {
  /** One character out of sets[a]. */
  SET: 0,
  /** Tries step a, then step b; slots[...] of the matcher remember what came of it under number c. */
  SPLIT: 1,
  /** Goes on at step a. */
  JUMP: 2,
  /** Holds where assertion a does: nothing is consumed. */
  ASSERT: 3,
  /** The program at a matches from here (b 0) or does not (b 1), c characters back; nothing is consumed. */
  LOOK: 4,
  /** Goes to where the program at a ends, and never asks it for another end. */
  ATOMIC: 5,
  ACCEPT: 6,
} as const;
export type Op = (typeof OP)[keyof typeof OP];

export const ASSERTIONS = [
  'line_start',
  'line_end',
  'string_start',
  'string_end',
  'string_end_newline',
  'word_boundary',
  'no_word_boundary',
] as const;
export type Assertion = (typeof ASSERTIONS)[number];

export interface Step {
  readonly op: Op;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export interface Program {
  readonly steps: readonly Step[];
  /** Where the pattern itself begins. */
  readonly start: number;
  readonly sets: readonly CharacterSet[];
  /** SPLIT steps. */
  readonly splits: number;
}
