/**
 * @file The schema of a line of events.jsonl. A type that is not known passes with its time alone: a later version may log more,
 * and readers pass over what they do not know.
 */
import { type CheckOptions, checkJson, checkValue } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';
import type { EventType, RunEvent } from './events.ts';

const count = z.int().min(0);
const amount = z.number().min(0);

const schemas = {
  run_started: z.looseObject({ pid: count, totalSteps: count, trainFunctions: count }),
  step: z.looseObject({
    step: count,
    epoch: amount,
    lossNats: z.number(),
    learningRate: amount,
    gradientNorm: amount,
    functions: count,
    tokens: count,
    paddingTokens: count,
    durationMs: amount,
    memoryBytes: amount,
  }),
  epoch: z.looseObject({
    epoch: amount,
    step: count,
    meanLossNats: z.number(),
    functions: count,
    tokens: count,
    durationMs: amount,
  }),
  evaluation: z.looseObject({
    step: count,
    epoch: amount,
    split: z.enum(['valid', 'test']),
    functions: count,
    metrics: z.record(z.string(), z.number().nullable()),
    isBest: z.boolean(),
    durationMs: amount,
  }),
  checkpoint: z.looseObject({ step: count, epoch: amount, path: z.string(), durationMs: amount }),
  resumed: z.looseObject({ step: count, checkpoint: z.string(), pid: count }),
  interrupted: z.looseObject({ step: count, checkpoint: z.string() }),
  finished: z.looseObject({
    step: count,
    reason: z.enum(['epochs', 'max_steps', 'early_stopping', 'prompted']),
    bestStep: count.nullable(),
    durationMs: amount,
  }),
} as const satisfies Record<EventType, z.ZodType>;

const anyEvent = z.looseObject({ type: z.string(), timestampMs: z.number() });

/** @throws VultuneError `options.code` */
export function parseRunEvent(text: string, options: CheckOptions): RunEvent {
  const event = checkJson(anyEvent, text, options);
  if (!Object.hasOwn(schemas, event.type)) return event as unknown as RunEvent;
  checkValue(schemas[event.type as EventType], event, options);
  return event as unknown as RunEvent;
}
