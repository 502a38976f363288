/** @file Which 8-bit codes this processor multiplies right: tests of what it multiplies wrong would test nothing of ours. */
import { areInt8ProductsExact } from '../../src/runtime/ort/probe-int8.ts';
import { int8, int8Unsigned } from '../../src/weights/int8.ts';
import type { WeightFormat } from '../../src/weights/weight-format.ts';
import { silent } from '../../src/workflows/context.ts';
import { openWeightFormat } from '../../src/workflows/open/choose-weight-format.ts';

export const areSignedExact = await areInt8ProductsExact('int8');

/** A format as a run on this processor computes with it. */
export const formatHere = (name: string): Promise<WeightFormat> =>
  openWeightFormat(name, 'cpu', { report: silent });

/** The fast 8 bits as a run on this processor has them. */
export const int8Here = areSignedExact ? int8 : int8Unsigned;
