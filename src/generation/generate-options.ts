/** @file Options of generation, their defaults and their check. */
import { VultuneError } from '../base/errors.ts';

export interface GenerateOptions {
  /** Most tokens that are added to a prompt. Default: 256. */
  readonly maxNewTokens?: number | undefined;
  /** 0: always the likeliest token; more: tokens are drawn, the less likely ones more often. Default: 0. */
  readonly temperature?: number | undefined;
  /** Draw among so many of the likeliest tokens. Default: all. */
  readonly topK?: number | undefined;
  /** Draw among the likeliest tokens whose probabilities add up to it. Default: 1, all. */
  readonly topP?: number | undefined;
  /** What is drawn depends on it, on the prompt's place in the list, and on nothing else. Default: 0. */
  readonly seed?: number | undefined;
  /** Texts that end the answer, which ends before them. Default: none. */
  readonly stop?: readonly string[] | undefined;
  /** Prompts that are answered at the same time. Default: 8. */
  readonly batchSize?: number | undefined;
  /** Aborted: the call rejects with its reason, between two tokens. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each new token of a prompt, by its place in the list. */
  readonly onToken?: ((token: { readonly prompt: number; readonly id: number }) => void) | undefined;
  /** Told of new text of a prompt, by its place in the list, as soon as it is certain. */
  readonly onText?: ((piece: { readonly prompt: number; readonly text: string }) => void) | undefined;
}

type Defaulted = 'maxNewTokens' | 'temperature' | 'seed' | 'stop' | 'batchSize';

export type ResolvedOptions = Omit<GenerateOptions, Defaulted> & {
  readonly [K in Defaulted]: NonNullable<GenerateOptions[K]>;
};

/** @throws VultuneError GENERATION_OPTION for a value outside its range. */
export function resolveOptions(options: GenerateOptions): ResolvedOptions {
  const { maxNewTokens = 256, temperature = 0, topK, topP, seed = 0, stop = [], batchSize = 8 } = options;
  requireOption(
    'maxNewTokens',
    maxNewTokens,
    Number.isInteger(maxNewTokens) && maxNewTokens >= 1,
    'a whole number from 1',
  );
  requireOption('temperature', temperature, temperature >= 0 && temperature <= 100, 'a number from 0 to 100');
  requireOption(
    'topK',
    topK,
    topK === undefined || (Number.isInteger(topK) && topK >= 1),
    'a whole number from 1',
  );
  requireOption('topP', topP, topP === undefined || (topP > 0 && topP <= 1), 'a number above 0, up to 1');
  requireOption('seed', seed, Number.isSafeInteger(seed), 'a whole number');
  requireOption(
    'batchSize',
    batchSize,
    Number.isInteger(batchSize) && batchSize >= 1,
    'a whole number from 1',
  );
  requireOption(
    'stop',
    '""',
    stop.every((text) => text !== ''),
    'texts with at least one character',
  );
  return { ...options, maxNewTokens, temperature, seed, stop, batchSize };
}

function requireOption(name: string, found: unknown, isRight: boolean, expected: string): void {
  if (isRight) return;
  throw new VultuneError('GENERATION_OPTION', `${name} is ${String(found)}, expected ${expected}`, {
    where: { name },
  });
}
