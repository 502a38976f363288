/** @file What all stages read of one sequence, and how their graphs are made for it. */
import { rowKeys } from '../adapters/dropout.ts';
import { invariant } from '../base/errors.ts';
import type { Head } from '../heads/head.ts';
import type { PackedSequence } from '../packing/pack-sequence.ts';
import { queryChunks } from '../packing/query-chunks.ts';
import type { Tensors } from '../runtime/backend.ts';
import { hostTensor } from '../tensor/host-tensor.ts';
import type { SequenceFeeds } from './sequence-feeds.ts';
import { dropoutToken, ROW_KEYS, type StageSpec } from './stage-graph.ts';

export interface DropoutKeys {
  readonly probability: number;
  readonly seed: number;
  readonly step: number;
}

export interface PreparedSequence {
  readonly feeds: Tensors;
  readonly queryChunks: number;
  readonly sharesPrefixes: boolean;
  readonly isJoined: boolean;
  readonly dropout: number;
}

export interface SequenceUse {
  /** Whether the model's tokens see none behind them. */
  readonly isCausal: boolean;
  readonly head?: Head | undefined;
  readonly keys?: DropoutKeys | undefined;
}

export function prepareSequence(
  feeds: SequenceFeeds,
  sequence: PackedSequence,
  { isCausal, head, keys }: SequenceUse,
): PreparedSequence {
  const { layout } = sequence;
  const sharesPrefixes = layout.keys !== undefined;
  invariant(isCausal || !sharesPrefixes, 'common beginnings are the same only where attention is causal');
  invariant(isCausal || !layout.isJoined, 'functions are joined only where a token sees none behind it');
  const chunks = isCausal ? queryChunks(layout.rowLength) : 1;
  const asking = head === undefined ? undefined : dropoutToken(head.reads);
  const ofSequence = feeds.make(layout, chunks, asking);
  const ofHead = head?.feeds(layout) ?? {};
  const taken = Object.keys(ofHead).find((name) => name in ofSequence);
  invariant(taken === undefined, `the head's input ${taken} has the name of one of the sequence's inputs`);
  const probability = keys?.probability ?? 0;
  const all = { ...ofSequence, ...ofHead, ...dropoutFeeds(sequence, keys, isCausal) };
  return {
    feeds: all,
    queryChunks: chunks,
    sharesPrefixes,
    isJoined: layout.isJoined,
    dropout: probability,
  };
}

export function stageSpec(
  layers: readonly number[],
  head: Head | undefined,
  { queryChunks, sharesPrefixes, isJoined, dropout }: Omit<PreparedSequence, 'feeds'>,
): StageSpec {
  // Nothing but the pruned block: one query per function, no chunks.
  const isPruned = layers.length === 1 && head !== undefined && head.reads !== 'every';
  return { layers, head, dropout, sharesPrefixes, isJoined, queryChunks: isPruned ? 1 : queryChunks };
}

/** [N, 1] keys of the tokens that are seen; padding never is, whatever is dropped of it. */
function dropoutFeeds(
  { ids, layout }: PackedSequence,
  keys: DropoutKeys | undefined,
  isCausal: boolean,
): Tensors {
  if (keys === undefined || keys.probability === 0) return {};
  const rows = new Uint32Array(layout.tokenCount);
  for (const [row, tokens] of layout.flatTokens.entries()) {
    const end = tokens.at(-1)! + 1;
    // A separator is seen, and is a token more of the function before it.
    const isSeparated = layout.isJoined && end < (layout.flatTokens[row + 1]?.[0] ?? end);
    const places = isSeparated ? [...tokens, end] : tokens;
    const ofFunction = rowKeys(
      Array.from(places, (place) => ids[place]!),
      { ...keys, isCausal },
    );
    // A token that is there once for several functions gets the same key of each.
    places.forEach((place, position) => {
      rows[place] = ofFunction[position]!;
    });
  }
  return { [ROW_KEYS]: hostTensor('uint32', [layout.tokenCount, 1], rows) };
}
