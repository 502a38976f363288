/** @file Reads typed fields out of a checkpoint's config.json, with an error that names the field. */
import { VultuneError } from '../../base/errors.ts';
import { describeFound } from '../../schema/words.ts';

export class ConfigReader {
  readonly #config: Readonly<Record<string, unknown>>;
  readonly #file: string;

  /** Tensors of the checkpoint: a model has no more layers than that. */
  readonly tensorCount: number;

  constructor(
    config: Readonly<Record<string, unknown>>,
    file: string,
    tensorCount = Number.POSITIVE_INFINITY,
  ) {
    this.#config = config;
    this.#file = file;
    this.tensorCount = tensorCount;
  }

  /** How many layers the model has. Each has tensors of its own, so the checkpoint bounds them. */
  layerCount(key = 'num_hidden_layers'): number {
    return this.count(key, this.tensorCount, 'the number of tensors in the checkpoint');
  }

  /** The value of the first of the keys that is there and not null. */
  #find(keys: readonly string[]): unknown {
    for (const key of keys) {
      const value = this.#config[key];
      if (value !== undefined && value !== null) return value;
    }
    return undefined;
  }

  #fail(key: string, found: unknown, expected: string): never {
    const what = found === undefined ? 'it is missing' : `found ${describeFound(found).slice(0, 120)}`;
    throw new VultuneError('MODEL_CONFIG_FIELD', `the model's "${key}" should be ${expected}, ${what}`, {
      where: { file: this.#file, name: key },
      hint: 'config.json should be the one published with the model.',
    });
  }

  /** Fields that are there and not null. */
  keys(): readonly string[] {
    return Object.keys(this.#config).filter((key) => this.#find([key]) !== undefined);
  }

  number(key: string, fallback?: number): number {
    const found = this.#find([key]) ?? fallback;
    if (typeof found !== 'number' || !Number.isFinite(found)) this.#fail(key, found, 'a number');
    return found;
  }

  /** A number above 0: what is divided by, or taken to a power. */
  positive(key: string, fallback?: number): number {
    const found = this.number(key, fallback);
    if (found <= 0) this.#fail(key, found, 'a number above 0');
    return found;
  }

  /** A size: a positive whole number. */
  size(key: string, fallback?: number): number {
    const found = this.#find([key]) ?? fallback;
    if (typeof found !== 'number' || !Number.isSafeInteger(found) || found <= 0) {
      this.#fail(key, found, 'a positive whole number');
    }
    return found;
  }

  /** A size of which there can't be more than `most`, or the checkpoint could not hold them. */
  count(key: string, most: number, why: string): number {
    const found = this.size(key);
    if (found > most) this.#fail(key, found, `at most ${most} (${why})`);
    return found;
  }

  optionalNumber(key: string): number | undefined {
    return this.#find([key]) === undefined ? undefined : this.number(key);
  }

  /** A whole number; undefined when there is none. */
  optionalInteger(key: string): number | undefined {
    const found = this.#find([key]);
    if (found !== undefined && !Number.isSafeInteger(found)) this.#fail(key, found, 'a whole number');
    return found as number | undefined;
  }

  /** One whole number or a list of them, as the ends of a text are; none where there is none. */
  integers(key: string): readonly number[] {
    const found = this.#find([key]) ?? [];
    const all = Array.isArray(found) ? found : [found];
    if (!all.every(Number.isSafeInteger)) this.#fail(key, found, 'a whole number, or a list of them');
    return all;
  }

  optionalSize(key: string): number | undefined {
    return this.#find([key]) === undefined ? undefined : this.size(key);
  }

  flag(key: string, fallback: boolean): boolean {
    const found = this.#find([key]) ?? fallback;
    if (typeof found !== 'boolean') this.#fail(key, found, 'true or false');
    return found;
  }

  text(key: string, fallback?: string): string {
    const found = this.#find([key]) ?? fallback;
    if (typeof found !== 'string') this.#fail(key, found, 'a text');
    return found;
  }

  /** A list of numbers above 0. */
  positives(key: string, length: number): readonly number[] {
    const found = this.#find([key]);
    const isList = Array.isArray(found) && found.every((item) => Number.isFinite(item) && item > 0);
    if (!isList || found.length !== length) this.#fail(key, found, `a list of ${length} numbers above 0`);
    return found as number[];
  }

  /** A list of texts; undefined when there is none. */
  optionalTexts(key: string, length: number): readonly string[] | undefined {
    const found = this.#find([key]);
    if (found === undefined) return undefined;
    const isList = Array.isArray(found) && found.every((item) => typeof item === 'string');
    if (!isList || found.length !== length) this.#fail(key, found, `a list of ${length} texts`);
    return found;
  }

  /** A reader of a nested object; undefined when there is none under any of the keys. */
  section(...keys: readonly string[]): ConfigReader | undefined {
    const found = this.#find(keys);
    if (found === undefined) return undefined;
    if (typeof found !== 'object' || Array.isArray(found)) this.#fail(keys[0]!, found, 'an object');
    return new ConfigReader(found as Record<string, unknown>, this.#file, this.tensorCount);
  }

  unsupported(key: string, found: unknown, supported: string): VultuneError {
    return new VultuneError(
      'MODEL_FEATURE_UNSUPPORTED',
      `the model's "${key}" is ${describeFound(found).slice(0, 120)}, which is not supported`,
      { where: { file: this.#file, name: key }, hint: `Supported: ${supported}.` },
    );
  }
}
