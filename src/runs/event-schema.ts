/** @file What a line of events.jsonl has to be to be believed. Fields that a later version adds are let through. */
import { z } from '../schema/zod.ts';
import type { RunEvent } from './events.ts';

const count = z.int().nonnegative();
const amount = z.number().nonnegative();
const stamped = { timestampMs: z.number() };
const metrics = z.record(z.string(), z.number().nullable());

export const eventSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('run_started'),
    ...stamped,
    pid: count,
    totalSteps: count,
    trainFunctions: count,
  }),
  z.looseObject({
    type: z.literal('step'),
    ...stamped,
    step: count,
    epoch: amount,
    lossNats: z.number(),
    learningRate: z.number(),
    gradientNorm: z.number(),
    functions: count,
    tokens: count,
    paddingTokens: count,
    durationMs: amount,
    memoryBytes: amount,
  }),
  z.looseObject({
    type: z.literal('epoch'),
    ...stamped,
    epoch: count,
    step: count,
    meanLossNats: z.number(),
    functions: count,
    tokens: count,
    durationMs: amount,
  }),
  z.looseObject({
    type: z.literal('evaluation'),
    ...stamped,
    step: count,
    epoch: amount,
    split: z.enum(['valid', 'test']),
    functions: count,
    metrics,
    isBest: z.boolean(),
    durationMs: amount,
  }),
  z.looseObject({
    type: z.literal('checkpoint'),
    ...stamped,
    step: count,
    epoch: amount,
    path: z.string(),
    durationMs: amount,
  }),
  z.looseObject({
    type: z.literal('resumed'),
    ...stamped,
    step: count,
    checkpoint: z.string(),
    pid: count,
  }),
  z.looseObject({ type: z.literal('interrupted'), ...stamped, step: count, checkpoint: z.string() }),
  z.looseObject({
    type: z.literal('finished'),
    ...stamped,
    step: count,
    reason: z.enum(['epochs', 'max_steps', 'early_stopping']),
    bestStep: count.nullable(),
    durationMs: amount,
  }),
]) satisfies z.ZodType<RunEvent>;
