/**
 * @file Cuts functions into sequences of like length at the least cost. Knows lengths and a cost in attention pairs; not
 * whether the sequences are trained on or only predicted.
 */
import type { Packing } from './layout.ts';
import { type PlannableFunctions, type Unit, unitsOf } from './units.ts';

export interface PartitionOptions {
  /** `isolated` when not given. */
  readonly packing?: 'isolated' | 'none';
  /** Most real (isolated) or padded (none) tokens of one sequence. */
  readonly tokensPerBatch: number;
  readonly maxFunctionsPerSequence?: number | undefined;
  /** Packing none: the row length; undefined: the longest function of the sequence. */
  readonly padTo?: number | undefined;
}

/*
 * The cost of a sequence of B functions, the longest of S tokens, in attention pairs (one query times one key, 4 D
 * multiplications forward): every function is padded to S, so B S^2; a sequence more costs SEQUENCE_PAIRS (calls, smaller
 * products: about 90 tokens of SmolLM2-135M's linear layers, that is one row of 512); without packing each padded token also goes
 * through the linear layers, which cost a token about TOKEN_PAIRS (parameters of a block over 2 D: 3000 for SmolLM2).
 */
const SEQUENCE_PAIRS = 512 * 512;
const TOKEN_PAIRS = 3000;

/**
 * Indices of `functions` grouped into sequences, longest first. Units (functions that begin alike go together) are sorted
 * by their longest function (ties by index), and of all cuts of that order that respect the limits the cheapest is taken
 * (dynamic programme over the cut points). A unit over a limit is taken apart; a function longer than tokensPerBatch is a
 * sequence of its own.
 */
export function partitionByLength(
  functions: readonly number[],
  plannable: PlannableFunctions,
  options: PartitionOptions,
): number[][] {
  const most = options.maxFunctionsPerSequence ?? Number.POSITIVE_INFINITY;
  const sorted = unitsOf(functions, plannable)
    .flatMap((unit) => fittingUnits(unit, plannable, options))
    .sort((a, b) => b.longest - a.longest || a.functions[0]! - b.functions[0]!);
  // best[i]: least cost of the i longest units; cut[i]: where their last sequence begins.
  const best = new Float64Array(sorted.length + 1).fill(Number.POSITIVE_INFINITY);
  const cut = new Int32Array(sorted.length + 1);
  best[0] = 0;
  for (let end = 1; end <= sorted.length; end++) {
    let [tokens, rows] = [0, 0];
    for (let begin = end - 1; begin >= 0; begin--) {
      const unit = sorted[begin]!;
      rows += unit.functions.length;
      tokens += unit.tokens;
      const isOver =
        rows > most || sequenceTokens(rows, unit.longest, tokens, options) > options.tokensPerBatch;
      // One unit alone always stands: it fits, or is a single function.
      if (begin < end - 1 && isOver) break;
      const cost = best[begin]! + sequenceCost(rows, unit.longest, options);
      if (cost < best[end]!) {
        best[end] = cost;
        cut[end] = begin;
      }
    }
  }
  const sequences: number[][] = [];
  for (let end = sorted.length; end > 0; end = cut[end]!) {
    sequences.push(sorted.slice(cut[end]!, end).flatMap((unit) => unit.functions));
  }
  return sequences.toReversed();
}

/** The unit, or its functions one by one when it is too large for a sequence. */
function fittingUnits(unit: Unit, plannable: PlannableFunctions, options: PartitionOptions): Unit[] {
  const rows = unit.functions.length;
  const most = options.maxFunctionsPerSequence ?? Number.POSITIVE_INFINITY;
  const fits =
    rows <= most && sequenceTokens(rows, unit.longest, unit.tokens, options) <= options.tokensPerBatch;
  return fits || rows === 1 ? [unit] : unit.functions.flatMap((index) => unitsOf([index], plannable));
}

export interface SequenceSizeOptions {
  readonly packing?: Packing;
  readonly padTo?: number | undefined;
  readonly separator?: number | undefined;
}

/** What counts against tokensPerBatch: real tokens, with separators where there are some, or without packing padded ones. */
export function sequenceTokens(
  rows: number,
  longest: number,
  realTokens: number,
  { packing, padTo, separator }: SequenceSizeOptions,
): number {
  if (packing === 'none') return rows * (padTo ?? longest);
  return realTokens + (packing === 'joined' && separator !== undefined ? rows - 1 : 0);
}

function sequenceCost(rows: number, longest: number, { packing, padTo }: PartitionOptions): number {
  const S = packing === 'none' ? (padTo ?? longest) : longest;
  const linear = packing === 'none' ? TOKEN_PAIRS * S : 0;
  return SEQUENCE_PAIRS + rows * (S * S + linear);
}
