/** @file Kinds of values that keys of several topics take. */
import { z } from '../../schema/zod.ts';

export const count = () => z.int().min(1);
export const positive = () => z.number().gt(0);
export const share = () => z.number().min(0).lt(1);
export const path = () => z.string().min(1);
