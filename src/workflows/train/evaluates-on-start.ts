/** @file eval_on_start and its default. */
import type { TrainConfig } from '../../config/train-config.ts';

/** Whether the model is evaluated before the first step: a probe that no step betters is what the run keeps. */
export const evaluatesOnStart = ({
  eval_on_start: asked,
  eval_strategy: strategy,
  head_init: head,
}: TrainConfig) => asked ?? (head === 'probe' && strategy !== 'no');
