/** @file Which 8-bit codes this processor multiplies right: tests of what it multiplies wrong would test nothing of ours. */
import { areInt8ProductsExact } from '../../src/runtime/ort/probe-int8.ts';
import { int8, int8Unsigned } from '../../src/weights/int8.ts';

export const areSignedExact = await areInt8ProductsExact('int8');

/** The fast 8 bits as a run on this processor has them. */
export const int8Here = areSignedExact ? int8 : int8Unsigned;
