/** @file A calibration out of a file (vultune.json): held to be one that keeps the order of scores and gives probabilities. */
import { checkValue } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import { CALIBRATION_METHODS, type Calibration, type CalibrationMethod } from './calibration.ts';

/** Past it a map is a step or a constant in double precision; no fit gives such a one. */
const LARGEST = 1e6;

const fittedOn = {
  functions: z.int().positive(),
  prevalence: z.number().gt(0).lt(1),
};
const share = z.number().min(0).max(1);

/** A list of shares; strictly so where no two may be equal. */
const ascending = (isStrict: boolean) =>
  z
    .array(share)
    .min(1)
    .refine(
      (values) => values.every((x, i) => i === 0 || (isStrict ? x > values[i - 1]! : x >= values[i - 1]!)),
      {
        message: 'expected numbers in ascending order',
      },
    );

const schemas = {
  none: z.object({ method: z.literal('none'), ...fittedOn }),
  temperature: z.object({
    method: z.literal('temperature'),
    temperature: z.number().gt(0).max(LARGEST),
    ...fittedOn,
  }),
  platt: z.object({
    method: z.literal('platt'),
    slope: z.number().gt(0).max(LARGEST),
    intercept: z.number().min(-LARGEST).max(LARGEST),
    ...fittedOn,
  }),
  isotonic: z
    .object({
      method: z.literal('isotonic'),
      scores: ascending(true),
      probabilities: ascending(false),
      ...fittedOn,
    })
    .refine(({ scores, probabilities }) => scores.length === probabilities.length, {
      path: ['probabilities'],
      message: 'expected as many as there are scores',
    }),
} as const satisfies Record<CalibrationMethod, z.ZodType>;

/** The method is looked up only when it is one of the list: a name such as `__proto__` is none. */
const methodOf = z.object({ method: z.enum(CALIBRATION_METHODS) });

/** @throws VultuneError ADAPTER_SETTINGS */
export function parseCalibration(value: unknown, file: string): Calibration {
  const options = {
    code: 'ADAPTER_SETTINGS',
    file,
    hint: 'The file is written beside the adapter at the end of training, and not meant to be edited.',
  };
  const { method } = checkValue(
    z.object({ calibration: methodOf }),
    { calibration: value },
    options,
  ).calibration;
  return checkValue(z.object({ calibration: schemas[method] }), { calibration: value }, options).calibration;
}
