/** @file What an exported model is compared with: the run's logits of a few functions, and how far others may be from them. */

import { VultuneError } from '../../base/errors.ts';
import type { FloatDtype } from '../../checkpoint/safetensors-stream.ts';
import { keepAll } from '../../packing/fit-length.ts';
import { SAMPLE_FUNCTIONS } from '../open/sample-functions.ts';
import type { ExportSource } from './export-source.ts';

export interface Reference {
  /** Token ids of each function. */
  readonly ids: readonly (readonly number[])[];
  /** [functions, 2] */
  readonly logits: Float32Array;
}

const known = new WeakMap<ExportSource, Promise<Reference>>();

/** The run's own logits, computed once. The memory that they needed is released. */
export function referenceLogits(source: ExportSource): Promise<Reference> {
  const reference = known.get(source) ?? compute(source);
  known.set(source, reference);
  return reference;
}

async function compute({ detector, model, use, reader }: ExportSource): Promise<Reference> {
  const encoded = reader.encode(SAMPLE_FUNCTIONS, {
    maxLength: use.max_length,
    longFunctions: keepAll(use.long_functions),
  });
  const { logits } = await detector.judge(SAMPLE_FUNCTIONS);
  await detector.release();
  model.weights.release(model.checkpoint.tensors.keys());
  return { ids: encoded.map((one) => one!.ids), logits };
}

/** Largest difference over the largest logit, or over 1. */
export function relativeError(found: ArrayLike<number>, { logits }: Reference): number {
  const largest = logits.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const differences = Array.from(logits, (value, i) => Math.abs(value - (found[i] ?? Number.NaN)));
  // NaN is the largest of all.
  return differences.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...differences) / largest;
}

/** Largest error as a share of the largest logit: from float32 sums in another order, and from weights with fewer digits. */
const MOST_ERROR: Readonly<Record<FloatDtype, number>> = { float32: 1e-4, float16: 5e-2, bfloat16: 0.2 };

/** The least that is allowed for a run whose own products round their inputs, where the export's do not. */
const ROUNDED_ERROR = 0.1;

export const mostError = ({ roundsActivations }: ExportSource, dtype: FloatDtype): number =>
  roundsActivations ? Math.max(ROUNDED_ERROR, MOST_ERROR[dtype]) : MOST_ERROR[dtype];

/** Throws EXPORT_CHECK_FAILED. */
export function requireSmall(error: number, most: number, path: string): void {
  if (error <= most) return;
  throw new VultuneError(
    'EXPORT_CHECK_FAILED',
    `the exported model's logits differ from the run's by ${error.toExponential(1)} of the largest, expected at most ${most.toExponential(1)}`,
    { where: { file: path }, hint: 'Nothing was kept. Please report it, with the kind of the base model.' },
  );
}
