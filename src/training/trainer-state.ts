/**
 * @file Everything that decides how training goes on: with it and the data a killed run continues as if it had not been
 * killed. How it is kept on disk is not its business.
 */
import { initialRankState, type RankState } from '../adapters/adalora-ranks.ts';
import type { AdapterParameters } from '../adapters/adapter-parameters.ts';
import { hostTensor } from '../tensor/host-tensor.ts';
import { type AdamWState, zerosLike } from './adamw.ts';
import type { EvaluatedSoFar } from './early-stopping.ts';

export interface BestSoFar {
  readonly step: number;
  readonly metric: number;
  /** Copies, by PEFT's key. */
  readonly parameters: AdapterParameters;
  /** Scores of the validation functions, from which the threshold is chosen. */
  readonly validScores: Float64Array;
}

/**
 * What decides, besides seed and step, what is dropped of a function's token: the function's number in the data, its tokens, or
 * PyTorch's generator, where its engine took the first steps.
 */
export const DROPOUT_KEYS = ['function', 'tokens', 'torch'] as const;
export type DropoutKey = (typeof DROPOUT_KEYS)[number];

export interface TrainerState {
  readonly parameters: AdapterParameters;
  readonly optimizer: AdamWState;
  /** Undefined for adapters whose ranks stay. */
  readonly ranks?: RankState | undefined;
  /** [functions] how probable each one's wrong label was to the model at the start, for a curriculum by loss; left out: not asked for. */
  difficulty?: Float64Array | undefined;
  /** Unrelated functions that active sampling chose for the next steps and that no step had yet, in order; left out: none. */
  chosen?: Float64Array | undefined;
  /** Optimiser steps done. */
  step: number;
  /** Epochs done, and steps done of the current one. */
  epoch: number;
  stepInEpoch: number;
  /** Sums over the current epoch. */
  epochLossNats: number;
  epochFunctions: number;
  epochTokens: number;
  epochMs: number;
  /** An evaluation is due before the next step. */
  evaluationDue: boolean;
  /** How the steps done drew their dropout. Steps to come do by `tokens`. */
  readonly dropoutKey: DropoutKey;
  evaluationsWithoutImprovement: number;
  /** Time spent training, interruptions left out. */
  elapsedMs: number;
  best: BestSoFar | undefined;
  /** SHA-256 of the plan by which PyTorch took the last steps, its evaluations beside the checkpoint; left out: the own engine did. */
  plan?: string | undefined;
}

export function initialState(parameters: AdapterParameters): TrainerState {
  return {
    parameters,
    optimizer: { firstMoment: zerosLike(parameters), secondMoment: zerosLike(parameters), step: 0 },
    ranks: initialRankState(parameters),
    step: 0,
    epoch: 0,
    stepInEpoch: 0,
    epochLossNats: 0,
    epochFunctions: 0,
    epochTokens: 0,
    epochMs: 0,
    evaluationDue: false,
    dropoutKey: 'tokens',
    evaluationsWithoutImprovement: 0,
    elapsedMs: 0,
    best: undefined,
  };
}

export const evaluatedSoFar = ({ best, evaluationsWithoutImprovement }: TrainerState): EvaluatedSoFar => ({
  best: best?.metric,
  withoutImprovement: evaluationsWithoutImprovement,
});

export function copyParameters(parameters: AdapterParameters): AdapterParameters {
  return new Map(
    [...parameters].map(([key, { shape, data }]) => [key, hostTensor('float32', shape, data.slice())]),
  );
}
