/**
 * @file The schema of a line of events.jsonl. A type that is not known passes with its time alone: a later version may log more,
 * and readers pass over what they do not know.
 */
import { type CheckOptions, checkJson, checkValue } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';
import type { EventType, RunEvent } from './events.ts';

const count = z.int().min(0);
const amount = z.number().min(0);
const step = () => count.describe('Optimiser steps taken over the whole run, from 1.');
const epoch = () =>
  amount.describe('Epochs gone through, with the fraction: 1.5 is half way through the second.');
const duration = () => amount.describe('Milliseconds.');
const checkpoint = () => z.string().describe('Relative to the run folder, with `/`.');
const pid = () => count.describe('The number of the process.');

/** One for each type; the reference (docs/reference/events.md) is made of them. */
export const EVENT_SCHEMAS = {
  run_started: z
    .looseObject({
      pid: pid(),
      totalSteps: count.describe('Optimiser steps planned.'),
      trainFunctions: count.describe('Functions trained on in an epoch.'),
    })
    .describe('The run begins.'),
  step: z
    .looseObject({
      step: step(),
      epoch: epoch(),
      lossNats: z.number().describe('The loss of the step, in nats.'),
      learningRate: amount.describe('The learning rate of the step.'),
      gradientNorm: amount.describe('Before clipping.'),
      functions: count.describe('Functions in the step.'),
      tokens: count.describe('Real tokens in the step.'),
      paddingTokens: count.describe('Padding that was computed beside them.'),
      durationMs: duration(),
      memoryBytes: amount.describe('Resident memory of the process.'),
    })
    .describe('An optimiser step was taken.'),
  epoch: z
    .looseObject({
      epoch: amount.describe('The epoch that ends, from 1.'),
      step: step(),
      meanLossNats: z.number().describe("Mean over the epoch's functions, in nats."),
      functions: count.describe('Functions of the epoch.'),
      tokens: count.describe('Real tokens of the epoch.'),
      durationMs: duration(),
    })
    .describe('An epoch ends.'),
  evaluation: z
    .looseObject({
      step: step(),
      epoch: epoch(),
      split: z.enum(['valid', 'test']).describe('Which functions were judged.'),
      functions: count.describe('How many they are.'),
      metrics: z
        .record(z.string(), z.number().nullable())
        .describe('By name; null where a metric is not defined, as ROC AUC with one class.'),
      isBest: z.boolean().describe('Whether it is the best evaluation so far.'),
      durationMs: duration(),
    })
    .describe('The model was evaluated.'),
  checkpoint: z
    .looseObject({ step: step(), epoch: epoch(), path: checkpoint(), durationMs: duration() })
    .describe('A checkpoint was written.'),
  resumed: z
    .looseObject({ step: step(), checkpoint: checkpoint(), pid: pid() })
    .describe(
      'The run goes on from a checkpoint: steps behind it that stand above were lost and are done again.',
    ),
  interrupted: z
    .looseObject({ step: step(), checkpoint: checkpoint() })
    .describe('The run was stopped on purpose. A killed run leaves no such line.'),
  finished: z
    .looseObject({
      step: step(),
      reason: z
        .enum(['epochs', 'max_steps', 'early_stopping', 'prompted'])
        .describe('Why it ended; prompted: a model was asked, and nothing was trained.'),
      bestStep: count.nullable().describe('The step of the best evaluation; null where there was none.'),
      durationMs: duration(),
    })
    .describe('The run is done.'),
} as const satisfies Record<EventType, z.ZodType>;

const anyEvent = z.looseObject({ type: z.string(), timestampMs: z.number() });

/** @throws VultuneError `options.code` */
export function parseRunEvent(text: string, options: CheckOptions): RunEvent {
  const event = checkJson(anyEvent, text, options);
  if (!Object.hasOwn(EVENT_SCHEMAS, event.type)) return event as unknown as RunEvent;
  checkValue(EVENT_SCHEMAS[event.type as EventType], event, options);
  return event as unknown as RunEvent;
}
