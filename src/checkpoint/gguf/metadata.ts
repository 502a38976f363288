/** @file Reads typed values out of a GGUF file's metadata, with an error that names the file and the key. */
import { inspect } from 'node:util';
import { VultuneError } from '../../base/errors.ts';

export type GgufMetadata = Readonly<Record<string, unknown>>;

export class MetadataReader {
  readonly file: string;
  /** llama.cpp's name of the architecture, the beginning of its keys. */
  readonly architecture: string;
  readonly #metadata: GgufMetadata;

  constructor(metadata: GgufMetadata, file: string, architecture: string) {
    this.#metadata = metadata;
    this.file = file;
    this.architecture = architecture;
  }

  /** The whole key of a value of the architecture: `llama.block_count`. */
  key(name: string): string {
    return `${this.architecture}.${name}`;
  }

  /** A float32 of the file is given as the shortest decimal that is it: 1e-5, not 0.000009999999747378752. */
  optionalNumber(name: string): number | undefined {
    const value = this.#get(name);
    return typeof value === 'number' ? shortestDecimal(value) : undefined;
  }

  /** Throws GGUF_METADATA. */
  number(name: string): number {
    return this.optionalNumber(name) ?? this.#fail(name, 'a number');
  }

  /** A positive whole number. Throws GGUF_METADATA. */
  count(name: string): number {
    return this.optionalCount(name) ?? this.#fail(name, 'a number');
  }

  /** Undefined where there is no number; throws GGUF_METADATA for one that is not positive and whole. */
  optionalCount(name: string): number | undefined {
    const value = this.optionalNumber(name);
    if (value === undefined) return undefined;
    return Number.isSafeInteger(value) && value > 0 ? value : this.#fail(name, 'a positive whole number');
  }

  optionalText(name: string): string | undefined {
    const value = this.#get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** A list of true and false; undefined where there is none. */
  optionalFlags(name: string): readonly boolean[] | undefined {
    const value = this.#get(name);
    return Array.isArray(value) && value.every((item) => typeof item === 'boolean') ? value : undefined;
  }

  /** `tokenizer.ggml.model`: gpt2 (byte-pair encoding), bert (WordPiece), llama, t5. */
  tokenizerModel(): string | undefined {
    const value = this.#metadata['tokenizer.ggml.model'];
    return typeof value === 'string' ? value : undefined;
  }

  /** The id of a special token, `bos`, `eos` or `padding`; null where the file has none, as a config.json says it. */
  tokenId(name: 'bos' | 'eos' | 'padding'): number | null {
    const value = this.#metadata[`tokenizer.ggml.${name}_token_id`];
    return typeof value === 'number' ? value : null;
  }

  #get(name: string): unknown {
    return this.#metadata[this.key(name)];
  }

  #fail(name: string, expected: string): never {
    const key = this.key(name);
    const found = key in this.#metadata ? `is ${inspect(this.#metadata[key]).slice(0, 120)}` : 'is missing';
    const message = `${this.file}: metadata ${key} ${found}, expected ${expected}`;
    throw new VultuneError('GGUF_METADATA', message, {
      where: { file: this.file, name: key },
      hint: 'Convert the model again, or take another file of it.',
    });
  }
}

/** The shortest decimal that is the same float32; a number that is not a float32 stays as it is. */
export function shortestDecimal(value: number): number {
  if (Number.isInteger(value) || Math.fround(value) !== value) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
