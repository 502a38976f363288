/**
 * @file A model on this machine behind a prompt: one pass a function gives the odds of the answers, without generating any; or an
 * answer is generated and classified by its keywords. The function is cut where the prompt does not fit, the prompt never.
 */
import { VultuneError } from '../base/errors.ts';
import { linesOf } from '../explain/line-scores.ts';
import type { Generator, ScoreNextTokenOptions } from '../generation/generator.ts';
import type { JudgeOptions } from '../judging/judge.ts';
import { textKey } from '../scan/fingerprint.ts';
import { fillPrompt, type PromptTemplate, plainPrompt } from '../text/chat/prompt-template.ts';
import type { AnswerCache, CachedAnswer } from './answer-cache.ts';
import { answerTokens } from './answer-words.ts';
import { classifyAnswer, scoreOfClass } from './classify-answer.ts';
import type { PromptAnswer, Prompter, PromptReading } from './prompt-answer.ts';

export interface LocalPrompterOptions {
  readonly template: PromptTemplate;
  /** `odds`: of the first token, without generating; `text`: of a generated text. */
  readonly answer: 'odds' | 'text';
  /** Tokens of prompt and function together; default: the model's own limit. */
  readonly maxLength?: number | undefined;
  /** Most tokens of a generated answer. */
  readonly maxNewTokens: number;
  readonly cache: AnswerCache;
  /** Names the model and its adapter in the cache; undefined: nothing is kept. */
  readonly identity?: string | undefined;
}

/** A stop loses at most one call; neighbours share the beginning of their prompts. The last bits of a score depend on the others of its call. */
export const FUNCTIONS_PER_CALL = 8;
/** More of a function is cut before it is tokenized: no model reads as much. */
const MOST_CODE_CHARACTERS = 1_000_000;
/** Cutting by tokens changes how the rest is tokenized, by a token or two a time. */
const MOST_CUTS = 16;

interface EncodedPrompt {
  readonly ids: readonly number[];
  /** What of the function stands in the prompt. */
  readonly code: string;
  readonly truncated: boolean;
}

export class LocalPrompter implements Prompter {
  /** Whether the prompt goes through a chat template of the model. */
  readonly hasTemplate: boolean;
  readonly #generator: Generator;
  readonly #options: LocalPrompterOptions;
  readonly #groups: readonly (readonly number[])[];

  /** @throws VultuneError PROMPT_ANSWER_TOKENS, CHAT_TEMPLATE_INVALID, MAX_LENGTH_TOO_LARGE */
  constructor(generator: Generator, options: LocalPrompterOptions) {
    this.#generator = generator;
    this.#options = options;
    this.hasTemplate = hasChatTemplate(generator);
    this.#groups = answerTokens(options.template.answers, generator.tokenizer);
    if (options.maxLength !== undefined && options.maxLength > generator.contextLength) {
      throw new VultuneError(
        'MAX_LENGTH_TOO_LARGE',
        `a prompt may have ${options.maxLength} tokens, the model reads ${generator.contextLength}`,
        { where: { name: 'max_length' }, hint: 'Give a smaller --max-length.' },
      );
    }
  }

  async ask(codes: readonly string[], options: JudgeOptions = {}): Promise<PromptAnswer[]> {
    const { signal, onProgress } = options;
    const answers: PromptAnswer[] = [];
    for (let start = 0; start < codes.length; start += FUNCTIONS_PER_CALL) {
      signal?.throwIfAborted();
      const chunk = codes.slice(start, start + FUNCTIONS_PER_CALL);
      const known = chunk.map((code) => this.#kept(code));
      const rows = [...chunk.keys()].filter((row) => known[row] === undefined);
      const answered = start + chunk.length - rows.length;
      const found = await this.#asked(
        rows.map((row) => chunk[row]!),
        // A call may take minutes: each pass of it is told.
        {
          signal,
          onProgress: ({ functions }) => onProgress?.({ functions: answered + functions, tokens: 0 }),
        },
      );
      for (const [i, row] of rows.entries()) known[row] = found[i]!;
      this.#keep(rows.map((row) => [chunk[row]!, known[row]!]));
      answers.push(...known.map((one) => this.#answer(one!)));
      onProgress?.({ functions: answers.length, tokens: 0 });
    }
    return answers;
  }

  /** What is read of a function after it is cut; undefined where texts are generated. */
  get reading(): PromptReading | undefined {
    if (this.#options.answer !== 'odds') return undefined;
    return {
      maxLength: this.#limit,
      linesRead: async (code) => {
        const [read] = await this.#encode([code], undefined);
        const lines = linesOf(read!.code);
        return Int32Array.from(lines.flatMap((line, number) => (line.trim() === '' ? [] : [number])));
      },
    };
  }

  async close(): Promise<void> {
    await this.#generator.close();
  }

  async #asked(codes: readonly string[], options: ScoreNextTokenOptions): Promise<CachedAnswer[]> {
    if (codes.length === 0) return [];
    const { signal } = options;
    const prompts = await this.#encode(codes, signal);
    const ids = prompts.map((one) => one.ids);
    const { answer, maxNewTokens } = this.#options;
    if (answer === 'text') {
      const texts = await this.#generator.generate(ids, { maxNewTokens, signal });
      return texts.map(({ text }, i) => ({ text, truncated: prompts[i]!.truncated }));
    }
    const { data } = await this.#generator.scoreNextToken(ids, this.#groups, options);
    return prompts.map(({ truncated }, i) => ({
      yes: Math.min(1, data[2 * i]!),
      no: Math.min(1, data[2 * i + 1]!),
      truncated,
    }));
  }

  #answer({ yes, no, text, truncated }: CachedAnswer): PromptAnswer {
    if (yes !== undefined && no !== undefined) return oddsAnswer({ yes, no, truncated });
    const answer = classifyAnswer(text ?? '', this.#options.template.answers);
    return { answer, score: scoreOfClass(answer), text: text ?? '', truncated };
  }

  /** @throws VultuneError PROMPT_TOO_LONG where the prompt does not fit even without a function. */
  async #encode(codes: readonly string[], signal: AbortSignal | undefined): Promise<EncodedPrompt[]> {
    const texts = codes.map((code) => code.slice(0, MOST_CODE_CHARACTERS));
    const limit = this.#limit;
    let ids = await this.#ids(texts, signal);
    for (let cuts = 0; ids.some(({ length }) => length > limit); cuts++) {
      if (cuts === MOST_CUTS || texts.some((text, i) => text === '' && ids[i]!.length > limit)) {
        const shortest = Math.min(...ids.map(({ length }) => length).filter((length) => length > limit));
        throw new VultuneError(
          'PROMPT_TOO_LONG',
          `the prompt "${this.#options.template.id}" has ${shortest} tokens without a function, expected at most ${limit}`,
          { hint: 'Shorten the prompt, or give a larger --max-length.' },
        );
      }
      const long = [...ids.keys()].filter((row) => ids[row]!.length > limit);
      for (const row of long) texts[row] = this.#cut(texts[row]!, ids[row]!.length - limit);
      const again = await this.#ids(
        long.map((row) => texts[row]!),
        signal,
      );
      ids = ids.map((one, row) => (long.includes(row) ? again[long.indexOf(row)]! : one));
    }
    return ids.map((one, i) => ({
      ids: one,
      code: texts[i]!,
      truncated: texts[i]!.length < codes[i]!.length,
    }));
  }

  /** An answer needs room as well. */
  get #limit(): number {
    const { answer, maxLength, maxNewTokens } = this.#options;
    const room = this.#generator.contextLength - (answer === 'text' ? maxNewTokens : 0);
    return Math.min(room, maxLength ?? room);
  }

  async #ids(codes: readonly string[], signal: AbortSignal | undefined): Promise<(readonly number[])[]> {
    const chats = codes.map((code) => fillPrompt(this.#options.template, code));
    return this.hasTemplate
      ? await this.#generator.encodeChats(chats, { signal })
      : chats.map((chat) => this.#generator.encode(plainPrompt(chat)));
  }

  /** Without its last tokens, of which half a character may be left. */
  #cut(code: string, tokens: number): string {
    const { tokenizer } = this.#generator;
    const ids = tokenizer.encode(code, { addSpecialTokens: false });
    const text = tokenizer.decode(ids.slice(0, Math.max(0, ids.length - tokens))).replace(/\ufffd+$/, '');
    // A tokenizer that does not give back what it was given must not make the function longer.
    return text.length < code.length ? text : code.slice(0, Math.max(0, code.length - tokens));
  }

  #key(code: string): string | undefined {
    const { identity, template, answer, maxNewTokens } = this.#options;
    if (identity === undefined) return undefined;
    const asked = [fillPrompt(template, code), answer, this.#limit, this.hasTemplate];
    const read = answer === 'odds' ? this.#groups : maxNewTokens;
    return textKey('local/v1', identity, JSON.stringify([asked, read]));
  }

  #kept(code: string): CachedAnswer | undefined {
    const key = this.#key(code);
    return key === undefined ? undefined : this.#options.cache.get(key);
  }

  #keep(found: readonly (readonly [code: string, answer: CachedAnswer])[]): void {
    this.#options.cache.add(
      found.flatMap(([code, answer]) => {
        const key = this.#key(code);
        return key === undefined ? [] : [[key, answer] as const];
      }),
    );
  }
}

/** The score is yes against no; what both leave to 1 is said beside it. */
export function oddsAnswer({
  yes,
  no,
  truncated,
  text,
}: Pick<CachedAnswer, 'truncated' | 'text'> & { readonly yes: number; readonly no: number }): PromptAnswer {
  const total = yes + no;
  const score = total > 0 ? yes / total : 0.5;
  const answer = score === 0.5 ? 'unclassified' : score > 0.5 ? 'yes' : 'no';
  const outside = Math.min(1, Math.max(0, 1 - total));
  return { answer, score, outside, truncated, ...(text === undefined ? {} : { text }) };
}

/** A template that is there and broken is an error, not a model without one. */
function hasChatTemplate(generator: Generator): boolean {
  try {
    generator.chatTemplate();
    return true;
  } catch (error) {
    if (error instanceof VultuneError && error.code === 'CHAT_TEMPLATE_MISSING') return false;
    throw error;
  }
}
