/** @file The loop of generation: prompts are read packed, in few passes; then each step adds a token to every sequence that has not ended. */
import { type RandomStream, randomStream } from '../base/random.ts';
import type { Model } from '../model/spec.ts';
import type { CachedNetwork } from '../network/cached-network.ts';
import { KeyValueCache } from '../network/key-value-cache.ts';
import { packSequence } from '../packing/pack-sequence.ts';
import { planInference } from '../packing/plan.ts';
import { groupByPrefix, hasGroups } from '../packing/units.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { ResolvedOptions } from './generate-options.ts';
import type { Generated } from './generated.ts';
import { notFinite } from './not-finite.ts';
import { chooseToken } from './sampling.ts';
import { TextStream } from './text-stream.ts';

export interface BatchContext {
  readonly network: CachedNetwork;
  readonly model: Model;
  readonly tokenizer: Pick<Tokenizer, 'decode'>;
  /** Tokens that end an answer. */
  readonly ends: ReadonlySet<number>;
}

export interface BatchOptions extends ResolvedOptions {
  /** Place of the first prompt among all. */
  readonly firstPrompt: number;
}

/** Tokens of one pass of prompts: enough to keep two cores busy, little memory. */
export const TOKENS_PER_BATCH = 1024;

/** @throws VultuneError LOGITS_NOT_FINITE; the signal's reason */
export async function generateBatch(
  context: BatchContext,
  prompts: readonly (readonly number[])[],
  options: BatchOptions,
): Promise<Generated[]> {
  const { network, model } = context;
  const cache = new KeyValueCache(
    model,
    prompts.map(({ length }) => length),
  );
  const answers = prompts.map((prompt, place) => new Answer(context, prompt, place, options));
  let logits = await readPrompts(context, prompts, cache, options.signal); // by row of the cache
  let running = [...answers];
  while (true) {
    for (const [row, answer] of running.entries()) answer.take(logits[row]!);
    const going = [...running.keys()].filter((row) => running[row]!.finish === undefined);
    if (going.length === 0) return answers.map((answer) => answer.generated);
    cache.keep(going);
    running = going.map((row) => running[row]!);
    options.signal?.throwIfAborted();
    const { data } = await network.step(
      running.map((answer) => answer.lastToken),
      cache,
    );
    logits = rowsOf(data, running.length);
  }
}

/** Logits of the token after each prompt. */
async function readPrompts(
  { network }: BatchContext,
  prompts: readonly (readonly number[])[],
  cache: KeyValueCache,
  signal: AbortSignal | undefined,
): Promise<Float32Array[]> {
  const logits: Float32Array[] = [];
  const plannable = groupByPrefix(prompts);
  const plan = planInference(plannable, {
    packing: 'isolated',
    tokensPerBatch: TOKENS_PER_BATCH,
    maxFunctionsPerSequence: undefined,
    padTo: undefined,
  });
  for (const { functions: rows } of plan) {
    signal?.throwIfAborted();
    const sequence = packSequence(
      rows.map((row) => prompts[row]!),
      { packing: 'isolated', sharePrefixes: hasGroups(plannable) },
    );
    const { data } = await network.prefill(sequence, cache, rows);
    for (const [i, own] of rowsOf(data, rows.length).entries()) logits[rows[i]!] = own;
  }
  return logits;
}

const rowsOf = (data: Float32Array, count: number): Float32Array[] =>
  Array.from({ length: count }, (_, row) => {
    const width = data.length / count;
    return data.subarray(row * width, (row + 1) * width);
  });

/** One prompt's answer as it grows. */
class Answer {
  finish: Generated['finish'] | undefined;
  readonly #context: BatchContext;
  readonly #options: BatchOptions;
  readonly #prompt: number;
  readonly #promptTokens: number;
  readonly #ids: number[] = [];
  readonly #stream: TextStream;
  readonly #random: RandomStream;
  #text = '';

  constructor(context: BatchContext, prompt: readonly number[], place: number, options: BatchOptions) {
    this.#context = context;
    this.#options = options;
    this.#prompt = options.firstPrompt + place;
    this.#promptTokens = prompt.length;
    this.#stream = new TextStream(context.tokenizer, prompt, options.stop);
    this.#random = randomStream(options.seed, 'generate', this.#prompt);
  }

  get lastToken(): number {
    return this.#ids.at(-1)!;
  }

  get generated(): Generated {
    return {
      text: this.#text,
      ids: this.#ids,
      finish: this.finish ?? 'length',
      promptTokens: this.#promptTokens,
    };
  }

  /** Takes the next token of its logits [V]. */
  take(logits: Float32Array): void {
    const id = chooseToken(logits, this.#options, this.#random);
    if (!Number.isFinite(logits[id])) throw notFinite(this.#prompt);
    this.#ids.push(id);
    this.#options.onToken?.({ prompt: this.#prompt, id });
    if (this.#context.ends.has(id)) {
      this.#end('end');
      return;
    }
    const { text, isStopped } = this.#stream.push(id);
    this.#give(text);
    if (isStopped) this.finish = 'stop';
    else if (this.#ids.length >= this.#most) this.#end('length');
  }

  /** The last token needs no position, because it is not read. */
  get #most(): number {
    const { positionLimit, maxPositions } = this.#context.model;
    return Math.min(this.#options.maxNewTokens, (positionLimit ?? maxPositions) + 1 - this.#promptTokens);
  }

  #end(finish: 'end' | 'length'): void {
    this.finish = finish;
    this.#give(this.#stream.end());
  }

  #give(text: string): void {
    if (text === '') return;
    this.#text += text;
    this.#options.onText?.({ prompt: this.#prompt, text });
  }
}
