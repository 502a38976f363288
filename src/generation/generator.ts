/**
 * @file A language model that continues texts and says how likely answers are: base model, adapter on top where there is one, its
 * own chat template. Greedy tokens are Transformers' (`generate` with do_sample=False).
 */
import { type AdapterHeader, type LoadedAdapter, loadAdapter } from '../adapters/files/adapter-files.ts';
import { VultuneError } from '../base/errors.ts';
import { languageModel } from '../heads/language-model.ts';
import { nextTokenGroups } from '../heads/next-token-groups.ts';
import { CachedNetwork } from '../network/cached-network.ts';
import { type ModelIdentity, modelIdentity } from '../network/model-identity.ts';
import { Network } from '../network/network.ts';
import type { OpenModel } from '../network/open-model.ts';
import { scoreFunctions } from '../network/score-functions.ts';
import type { Backend } from '../runtime/backend.ts';
import type { HostTensor } from '../tensor/host-tensor.ts';
import type { ChatMessage } from '../text/chat/chat-message.ts';
import { type ChatTemplate, chatTemplate } from '../text/chat/chat-template.ts';
import { type RenderOptions, renderChats } from '../text/chat/render-chat.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { endTokens } from './end-tokens.ts';
import { generateBatch, TOKENS_PER_BATCH } from './generate-batch.ts';
import { type GenerateOptions, resolveOptions } from './generate-options.ts';
import type { Generated } from './generated.ts';
import { notFinite } from './not-finite.ts';

export interface GeneratorOptions {
  readonly backend: Backend;
  /** Blocks of the model in one graph of a step. Default: all. */
  readonly blocksPerStage?: number | undefined;
}

export interface ScoreNextTokenOptions {
  readonly signal?: AbortSignal | undefined;
  /** Prompts and tokens that are done. */
  readonly onProgress?: ((done: { readonly functions: number; readonly tokens: number }) => void) | undefined;
}

export class Generator {
  readonly #model: OpenModel;
  readonly #adapter: LoadedAdapter;
  readonly #backend: Backend;
  readonly #cached: CachedNetwork;
  readonly #ends: ReadonlySet<number>;
  /** Made when answers are scored for the first time. */
  #scoring: Network | undefined;

  private constructor(
    model: OpenModel,
    adapter: LoadedAdapter,
    { backend, blocksPerStage = Number.POSITIVE_INFINITY }: GeneratorOptions,
  ) {
    this.#model = model;
    this.#adapter = adapter;
    this.#backend = backend;
    this.#ends = endTokens(model);
    this.#cached = new CachedNetwork({
      ...this.#network,
      head: languageModel(model.spec, 'last'),
      blocksPerStage,
    });
  }

  /**
   * `header`: an adapter of the language model itself; an adapter with a classifier cannot generate text.
   * @throws VultuneError NEXT_TOKEN_UNSUPPORTED for an encoder, GENERATION_CONFIG_INVALID, and what loadAdapter throws
   */
  static async open(
    model: OpenModel,
    header: AdapterHeader | undefined,
    options: GeneratorOptions,
  ): Promise<Generator> {
    const head = languageModel(model.spec, 'last');
    const adapter =
      header === undefined
        ? { adapted: [], whole: [], parameters: new Map<string, HostTensor<'float32'>>() }
        : await loadAdapter(header, model.spec, head);
    return new Generator(model, adapter, options);
  }

  /** The most tokens of a prompt and its answer together. */
  get contextLength(): number {
    return this.#model.spec.positionLimit ?? this.#model.spec.maxPositions;
  }

  /** The model's chat template. @throws VultuneError CHAT_TEMPLATE_MISSING, CHAT_TEMPLATE_INVALID */
  chatTemplate(name?: string): ChatTemplate {
    return chatTemplate(this.#model.checkpoint.tokenizer, this.#model.path, name);
  }

  /**
   * Messages -> the ids that the model was tuned on, of many chats at once. @throws VultuneError CHAT_TEMPLATE_MISSING,
   * CHAT_TEMPLATE_INVALID, CHAT_TEMPLATE_FAILED
   */
  async encodeChats(
    chats: readonly (readonly ChatMessage[])[],
    options: RenderOptions = {},
  ): Promise<number[][]> {
    const texts = await renderChats(this.chatTemplate(), chats, options);
    // The template writes the special tokens itself.
    return texts.map((text) => this.#model.tokenizer.encode(text, { addSpecialTokens: false }));
  }

  get tokenizer(): Tokenizer {
    return this.#model.tokenizer;
  }

  /** What tells this base model from others; the adapter on it is not in it. */
  get identity(): ModelIdentity {
    return modelIdentity(this.#model);
  }

  /** The ids of a text that the model is to continue. */
  encode(text: string): number[] {
    return this.#model.tokenizer.encode(text);
  }

  /**
   * Continues each prompt (text, or token ids), in the order given. A prompt's answer does not depend on the others beside it.
   * @throws VultuneError GENERATION_OPTION, PROMPT_EMPTY, PROMPT_TOO_LONG, LOGITS_NOT_FINITE; the signal's reason
   */
  async generate(
    prompts: readonly (string | readonly number[])[],
    options: GenerateOptions = {},
  ): Promise<Generated[]> {
    const resolved = resolveOptions(options);
    const ids = this.#promptIds(prompts);
    const out: Generated[] = [];
    for (let start = 0; start < ids.length; start += resolved.batchSize) {
      const batch = ids.slice(start, start + resolved.batchSize);
      const { spec, tokenizer } = this.#model;
      const context = { network: this.#cached, model: spec, tokenizer, ends: this.#ends };
      out.push(...(await generateBatch(context, batch, { ...resolved, firstPrompt: start })));
    }
    return out;
  }

  /**
   * How likely the token after each prompt is one of each group, [prompts, groups]: probabilities over the whole vocabulary, so
   * that what they leave to 1 is the share of other answers. One pass of the model, prompts packed, common beginnings once.
   * @throws VultuneError TOKEN_GROUP_INVALID, PROMPT_EMPTY, PROMPT_TOO_LONG, LOGITS_NOT_FINITE; the signal's reason
   */
  async scoreNextToken(
    prompts: readonly (string | readonly number[])[],
    groups: readonly (readonly number[])[],
    options: ScoreNextTokenOptions = {},
  ): Promise<HostTensor<'float32'>> {
    const head = nextTokenGroups(this.#model.spec, groups);
    const ids = this.#promptIds(prompts);
    this.#scoring ??= new Network({ ...this.#network, blocksPerStage: 1, activations: 'products' });
    const scores = await scoreFunctions(this.#scoring, head, ids, {
      tokensPerBatch: TOKENS_PER_BATCH,
      ...options,
    });
    const wrong = scores.data.findIndex((score) => !Number.isFinite(score));
    if (wrong >= 0) throw notFinite(Math.floor(wrong / groups.length));
    return scores;
  }

  /** The generator's own part alone: the model that it was opened on stays open. */
  async release(): Promise<void> {
    await this.#cached.release();
    await this.#scoring?.release();
  }

  async close(): Promise<void> {
    await this.release();
    await this.#model.checkpoint.close();
  }

  get #network() {
    const { spec: model, weights } = this.#model;
    return { model, weights, ...this.#adapter, backend: this.#backend };
  }

  #promptIds(prompts: readonly (string | readonly number[])[]): (readonly number[])[] {
    const { vocabularySize } = this.#model.spec;
    return prompts.map((prompt, index) => {
      const ids = typeof prompt === 'string' ? this.encode(prompt) : prompt;
      const where = { name: `prompt ${index + 1}` };
      if (ids.length === 0) {
        throw new VultuneError('PROMPT_EMPTY', `prompt ${index + 1} has no tokens`, {
          where,
          hint: 'Give at least one character: this model has no token that begins a text.',
        });
      }
      if (ids.length > this.contextLength) {
        throw new VultuneError(
          'PROMPT_TOO_LONG',
          `prompt ${index + 1} has ${ids.length} tokens, expected at most the model's ${this.contextLength} positions`,
          { where, hint: 'Shorten the prompt: a model cannot read past its last position.' },
        );
      }
      const outside = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabularySize));
      if (outside === undefined) return ids;
      throw new VultuneError(
        'TOKENIZER_MISMATCH',
        `prompt ${index + 1} has token ${outside}, the model has ${vocabularySize}`,
        { where: { file: this.#model.path, ...where } },
      );
    });
  }
}
