/**
 * @file The type of a resolved training configuration, and the defaults that depend on other keys. What the
 * rest of the house sees: plain data, no schema.
 */
import type { z } from '../schema/zod.ts';
import type { trainSchema } from './train-schema.ts';

type Parsed = z.output<typeof trainSchema>;

/** The keys of a configuration as a program gives them; those that are left out take their defaults. */
export type TrainOptions = Readonly<z.input<typeof trainSchema>>;

/** Every key is there; null means "not set" where a key's description says so. */
export interface TrainConfig extends Readonly<Omit<Parsed, ResolvedKey>> {
  readonly max_length: number;
  readonly tokens_per_batch: number;
  readonly blocks_per_graph: number;
  readonly warmup_ratio: number;
  /** Where it is not null it counts, and warmup_ratio is 0. */
  readonly warmup_steps: number | null;
}
type ResolvedKey = 'max_length' | 'tokens_per_batch' | 'blocks_per_graph' | 'warmup_ratio' | 'warmup_steps';

const DEFAULT_TOKENS_PER_BATCH = 1024;
const DEFAULT_WARMUP_RATIO = 0.03;

/** As it is loaded: `auto` becomes a length when the model and the data are known, and tokens_per_batch with it. */
export interface UnresolvedConfig extends Omit<TrainConfig, 'max_length' | 'tokens_per_batch'> {
  readonly max_length: number | 'auto';
  readonly tokens_per_batch: number | null;
}

/** The configuration that reads so many tokens of a function. */
export function withMaxLength(config: UnresolvedConfig, maxLength: number): TrainConfig {
  const tokens_per_batch = config.tokens_per_batch ?? defaultTokensPerBatch(config, maxLength);
  return { ...config, max_length: maxLength, tokens_per_batch };
}

/** Functions of the greatest length that a pass has room for. */
export const functionsInPass = ({ pair_loss_weight: weight }: Pick<Parsed, 'pair_loss_weight'>) =>
  weight > 0 ? 2 : 1;

const defaultTokensPerBatch = (config: Pick<Parsed, 'pair_loss_weight'>, maxLength: number) =>
  Math.max(DEFAULT_TOKENS_PER_BATCH, functionsInPass(config) * maxLength);

/** Fills in the defaults that depend on other keys. */
export function resolveDefaults(parsed: Parsed): UnresolvedConfig {
  const { max_length, tokens_per_batch } = parsed;
  return {
    ...parsed,
    tokens_per_batch:
      tokens_per_batch ?? (max_length === 'auto' ? null : defaultTokensPerBatch(parsed, max_length)),
    blocks_per_graph: parsed.blocks_per_graph ?? 1,
    warmup_ratio: parsed.warmup_ratio ?? (parsed.warmup_steps === null ? DEFAULT_WARMUP_RATIO : 0),
  };
}

/** Steps of warm-up out of `totalSteps` optimiser steps. */
export function warmupSteps(
  config: Pick<TrainConfig, 'warmup_steps' | 'warmup_ratio'>,
  totalSteps: number,
): number {
  return config.warmup_steps ?? Math.ceil(config.warmup_ratio * totalSteps);
}
