/** @file What calls cost, by the user's own prices, and the most that they may. */
import { VultuneError } from '../../base/errors.ts';
import { readTextFile } from '../../base/files.ts';
import { readYaml } from '../../config/read-yaml.ts';
import { checkValue } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import type { TokenUsage } from './token-usage.ts';

const amount = z.number().min(0).max(1e9);

const pricesSchema = z.strictObject({
  currency: z.string().min(1).max(10).default('USD'),
  /** By the model's name: per million tokens. */
  models: z.record(z.string(), z.strictObject({ input: amount, output: amount })),
});

export interface ModelPrice {
  readonly currency: string;
  /** Per million tokens. */
  readonly input: number;
  readonly output: number;
}

/** Prices are the user's: none come with Vultune. @throws VultuneError PRICES_INVALID */
export function readPrice(file: string, model: string): ModelPrice {
  const { value, faults } = readYaml(readTextFile(file, 1_000_000));
  const hint =
    'Prices are YAML: { currency: USD, models: { NAME: { input: 0.15, output: 0.6 } } }, per million tokens.';
  if (faults.length > 0) {
    throw new VultuneError('PRICES_INVALID', `not valid YAML: ${faults[0]!.message}`, {
      where: { file },
      hint,
    });
  }
  const { currency, models } = checkValue(pricesSchema, value, { code: 'PRICES_INVALID', file, hint });
  const price = Object.hasOwn(models, model) ? models[model] : undefined;
  if (price === undefined) {
    throw new VultuneError('PRICES_INVALID', `there is no price for the model ${model}`, {
      where: { file },
      hint,
    });
  }
  return { currency, ...price };
}

export const priceOf = ({ prompt, completion }: TokenUsage, { input, output }: ModelPrice): number =>
  (prompt * input + completion * output) / 1e6;

/** Calls that would go over the most are not made. */
export class Spending {
  #spent = 0;
  #reserved = 0;
  readonly #price: ModelPrice | undefined;
  readonly #most: number | undefined;

  constructor(price: ModelPrice | undefined, most: number | undefined) {
    this.#price = price;
    this.#most = most;
  }

  get spent(): number {
    return this.#spent;
  }

  /** @throws VultuneError PROMPT_COST_REACHED */
  reserve(usage: TokenUsage): void {
    if (this.#price === undefined) return;
    const cost = priceOf(usage, this.#price);
    const { currency } = this.#price;
    if (this.#most !== undefined && this.#spent + this.#reserved + cost > this.#most) {
      throw new VultuneError(
        'PROMPT_COST_REACHED',
        `${this.#spent.toFixed(4)} ${currency} are spent, and the next call may cost ${cost.toFixed(4)}: more than --max-cost ${this.#most}`,
        {
          hint: 'Answers so far are kept: the same command with a larger --max-cost asks only for the others.',
        },
      );
    }
    this.#reserved += cost;
  }

  /** A call ended: what was reserved for it is free, what it used is spent. */
  settle(reserved: TokenUsage, used: TokenUsage | undefined): void {
    if (this.#price === undefined) return;
    this.#reserved -= priceOf(reserved, this.#price);
    if (used !== undefined) this.#spent += priceOf(used, this.#price);
  }
}
