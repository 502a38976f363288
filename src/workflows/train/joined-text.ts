/** @file What packing: joined means for who reads the figures: said at the start, in a dry run, in the run's events and on the model card. */
import type { TrainConfig } from '../../config/train-config.ts';
import type { Reporter } from '../context.ts';

/** A sentence without its end; undefined for other packings. */
export const joinedWarning = ({ packing }: Pick<TrainConfig, 'packing'>): string | undefined =>
  packing === 'joined'
    ? "packing: joined trains on functions that see those before them in their sequence, so a function's loss depends on its neighbours; validation, test and every later score are of each function alone, so training and use differ (the paper's published code joins functions for validation and test too)"
    : undefined;

export function reportJoined(
  config: Pick<TrainConfig, 'packing' | 'feature_cache'>,
  frozenLayers: number,
  report: Pick<Reporter, 'note' | 'warn'>,
): void {
  const warning = joinedWarning(config);
  if (warning === undefined) return;
  report.warn(warning);
  if (frozenLayers > 0 && config.feature_cache) {
    report.note(
      `the ${frozenLayers} frozen layers are computed for each joined sequence: their output depends on the neighbours, so feature_cache serves the evaluations alone`,
    );
  }
}
