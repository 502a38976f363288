/** @file The base model of a new run with factors per feature, where the configuration asks for them and they lower the error. */
import type { UnresolvedConfig } from '../../config/train-config.ts';
import { encodeFunctions } from '../../network/encode-functions.ts';
import { measureFactors } from '../../network/measure-factors.ts';
import type { OpenModel } from '../../network/open-model.ts';
import { BaseWeights } from '../../weights/base-weights.ts';
import { int8 } from '../../weights/int8.ts';
import { smoothedInt8 } from '../../weights/smoothed-int8.ts';
import type { WorkflowContext } from '../context.ts';
import { asksForSmoothing } from '../open/choose-weight-format.ts';
import { CALIBRATION_FUNCTIONS } from './calibration-functions.ts';
import { configuredBackend } from './configured-backend.ts';

/** Tokens per function that are measured at most. */
const MOST_TOKENS = 256;

/** The model as it is where there is nothing to measure, or no factors are better than none. @throws the signal's reason */
export async function smoothedModel(
  model: OpenModel,
  config: UnresolvedConfig,
  { signal, report }: WorkflowContext,
): Promise<OpenModel> {
  const { spec, checkpoint } = model;
  // Where the weights are read out, what they are multiplied with is not rounded.
  const { format } = model.weights;
  if (!asksForSmoothing(config) || format.name !== int8.name) return model;
  report.note('measuring large features of the base model');
  const functions = encodeFunctions(model, CALIBRATION_FUNCTIONS, {
    maxLength: Math.min(MOST_TOKENS, spec.maxPositions),
    longFunctions: 'truncate',
    pooling: 'mean',
  }).map((one) => one!.ids);
  const backend = await configuredBackend(config);
  const factors = await measureFactors(model, functions, backend, signal);
  if (factors.vectors.size === 0) {
    report.note('no factors per feature lower the error of its products: it is used without');
    return model;
  }
  report.note(`${factors.vectors.size} of its matrices have factors per feature`);
  return { ...model, weights: new BaseWeights(checkpoint, smoothedInt8(factors, format.codes)) };
}
