/** @file What of a planned training its memory and time depend on, so that another one can be tried on: other keys, another format. */
import type { Activations } from '../../network/keep-policies.ts';
import type { WeightFormat } from '../../weights/weight-format.ts';
import type { TrainingPlan } from '../train/setup.ts';

export interface PlannedNetwork {
  readonly plan: TrainingPlan;
  readonly format: WeightFormat;
  readonly blocksPerStage: number;
  readonly activations: Activations;
}
