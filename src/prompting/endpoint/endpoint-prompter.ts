/**
 * @file A server behind a prompt: asks about each function once, a few at a time, retries what may work later, keeps what was
 * answered. Where the server names the likeliest first tokens they make the score, else the keywords of its text.
 */
import { setTimeout } from 'node:timers/promises';
import { VultuneError } from '../../base/errors.ts';
import type { JudgeOptions } from '../../judging/judge.ts';
import { textKey } from '../../scan/fingerprint.ts';
import { fillPrompt, type PromptTemplate } from '../../text/chat/prompt-template.ts';
import type { AnswerCache, CachedAnswer } from '../answer-cache.ts';
import { sideOfToken } from '../answer-words.ts';
import { classifyAnswer, scoreOfClass } from '../classify-answer.ts';
import { oddsAnswer } from '../local-prompter.ts';
import type { PromptAnswer, Prompter } from '../prompt-answer.ts';
import { ChatClient, type ChatReply, type SamplingParameters } from './chat-client.ts';
import { EndpointFailure } from './endpoint-failure.ts';
import { Limiter } from './limiter.ts';
import type { Spending } from './spending.ts';
import { isPlausible, type OwnTokenCount, type TokenUsage } from './token-usage.ts';

export interface EndpointPrompterOptions {
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey: string | undefined;
  readonly template: PromptTemplate;
  /** `odds`: of the first token where the server gives it, else its text; `text`: the text alone. */
  readonly answer: 'odds' | 'text';
  /** Most tokens of an answer. */
  readonly maxNewTokens: number;
  /** Most tokens of a function, by our own count; default: as the server allows. */
  readonly maxLength?: number | undefined;
  /** Requests at a time at most. */
  readonly jobs: number;
  readonly timeoutMs: number;
  readonly cache: AnswerCache;
  readonly count: OwnTokenCount;
  readonly spending: Spending;
  /** Told once of what the server does not do. */
  readonly note?: ((text: string) => void) | undefined;
  /** Waits; a test waits for nothing. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** Milliseconds, in the time that `sleep` waits in. */
  readonly now?: (() => number) | undefined;
}

export interface UsageTotals {
  /** Calls that were answered now; the others came out of the cache. */
  calls: number;
  cached: number;
  /** By our own count, whether it is an estimate or not. */
  own: { prompt: number; completion: number };
  /** As the server says, of the calls in which that can be true. */
  said: { prompt: number; completion: number; calls: number };
  /** Calls in which what the server says cannot be true, or is missing. */
  disbelieved: number;
}

const TOP_LOGPROBS = 20;
const MOST_ATTEMPTS = 8;
const FIRST_BACKOFF_MS = 500;
const MOST_BACKOFF_MS = 30_000;
/** A server that wants to be left alone for longer is not waited for. */
const MOST_RETRY_AFTER_MS = 300_000;
/** Refused one after another, without an answer between them: the request itself is wrong. */
const MOST_REFUSED_IN_A_ROW = 5;
const MOST_HALVINGS = 6;

export class EndpointPrompter implements Prompter {
  readonly usage: UsageTotals = {
    calls: 0,
    cached: 0,
    own: { prompt: 0, completion: 0 },
    said: { prompt: 0, completion: 0, calls: 0 },
    disbelieved: 0,
  };
  readonly #options: EndpointPrompterOptions;
  readonly #client: ChatClient;
  readonly #limiter: Limiter;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** What the server was found not to take. */
  #withoutLogprobs = false;
  #withoutTemperature = false;
  #maxTokensField: SamplingParameters['maxTokensField'] = 'max_tokens';
  #refusedInARow = 0;

  constructor(options: EndpointPrompterOptions) {
    this.#options = options;
    this.#client = new ChatClient(options);
    this.#sleep =
      options.sleep ??
      (async (ms, signal) => {
        await setTimeout(ms, undefined, { signal });
      });
    this.#limiter = new Limiter(options.jobs, this.#sleep, options.now);
  }

  /** Requests at a time, after what the server said so far. */
  get limit(): number {
    return this.#limiter.limit;
  }

  /** Whether the answer about this function is there already. */
  isKept(code: string): boolean {
    return this.#options.cache.get(this.#key(this.#fitted(code))) !== undefined;
  }

  /** Tokens of a call about this function by our own count, and the most that the answer may have. */
  expected(code: string): TokenUsage {
    return {
      prompt: this.#options.count.count(promptText(this.#options.template, this.#fitted(code))),
      completion: this.#maxTokens,
    };
  }

  /**
   * Answers that came are kept even when this throws. @throws VultuneError ENDPOINT_FAILED where a function has no answer in the
   * end, PROMPT_COST_REACHED; the signal's reason
   */
  async ask(
    codes: readonly string[],
    { signal: given, onProgress }: JudgeOptions = {},
  ): Promise<PromptAnswer[]> {
    const stop = new AbortController();
    const signal = given === undefined ? stop.signal : AbortSignal.any([given, stop.signal]);
    const answers = new Array<PromptAnswer>(codes.length);
    const failed: EndpointFailure[] = [];
    let [next, done] = [0, 0];
    const worker = async () => {
      while (next < codes.length && !signal.aborted) {
        const row = next++;
        try {
          answers[row] = await this.#answer(codes[row]!, signal);
        } catch (error) {
          if (!(error instanceof EndpointFailure) || error.kind === 'fatal') {
            stop.abort(error);
            throw error;
          }
          failed.push(error);
        }
        onProgress?.({ functions: ++done, tokens: 0 });
      }
    };
    // All of them end before this does: none asks on behind an error.
    const ended = await Promise.allSettled(
      Array.from({ length: Math.min(this.#options.jobs, codes.length) }, worker),
    );
    given?.throwIfAborted();
    const [broken] = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    if (broken instanceof EndpointFailure) throw this.#endpointError(broken.message);
    if (broken !== undefined) throw stop.signal.reason ?? broken;
    if (failed.length === 0) return answers;
    throw this.#endpointError(
      `${failed.length} of ${codes.length} functions have no answer; the first: ${failed[0]!.message}`,
    );
  }

  async close(): Promise<void> {
    // Nothing is open between two calls.
    await Promise.resolve();
  }

  #endpointError(message: string): VultuneError {
    return new VultuneError('ENDPOINT_FAILED', message, {
      where: { name: this.#options.baseUrl },
      hint: 'Answers so far are kept: the same command asks only for the others.',
    });
  }

  async #answer(code: string, signal: AbortSignal): Promise<PromptAnswer> {
    let text = this.#fitted(code);
    for (let halvings = 0; ; halvings++) {
      const key = this.#key(text);
      const kept = this.#options.cache.get(key);
      if (kept !== undefined) {
        this.usage.cached++;
        return this.#classified(kept);
      }
      try {
        const answer = { ...(await this.#retried(text, signal)), truncated: text.length < code.length };
        this.#options.cache.add([[key, answer]]);
        // Under the whole function too: a resumed run need not be refused again.
        if (halvings > 0) this.#options.cache.add([[this.#key(this.#fitted(code)), answer]]);
        return this.#classified(answer);
      } catch (error) {
        if (!isTooLong(error) || halvings === MOST_HALVINGS || text.length < 2) throw error;
        text = text.slice(0, Math.floor(text.length / 2));
      }
    }
  }

  async #retried(code: string, signal: AbortSignal): Promise<Omit<CachedAnswer, 'truncated'>> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#limiter.run(async (tooMany) => {
          try {
            return await this.#call(code, signal);
          } catch (error) {
            if (error instanceof EndpointFailure && error.kind === 'busy') {
              tooMany(Math.min(waitMs(error, attempt), MOST_RETRY_AFTER_MS));
            }
            throw error;
          }
        }, signal);
        this.#refusedInARow = 0;
        return answer;
      } catch (error) {
        if (!(error instanceof EndpointFailure)) throw error;
        if (this.#adapted(error)) continue;
        await this.#beforeRetry(error, attempt, signal);
      }
    }
  }

  /** Waits, or throws where another attempt is of no use. */
  async #beforeRetry(error: EndpointFailure, attempt: number, signal: AbortSignal): Promise<void> {
    if (error.kind === 'fatal') throw error;
    if (error.kind === 'refused') {
      if (isTooLong(error)) throw error;
      if (++this.#refusedInARow < MOST_REFUSED_IN_A_ROW) throw error;
      throw new EndpointFailure('fatal', `${error.message} (${this.#refusedInARow} times in a row)`, error);
    }
    const { retryAfterMs = 0 } = error;
    if (retryAfterMs > MOST_RETRY_AFTER_MS) {
      throw new EndpointFailure(
        'fatal',
        `${error.message}; it asks to be left alone for ${Math.ceil(retryAfterMs / 60_000)} minutes`,
      );
    }
    if (attempt >= MOST_ATTEMPTS) throw error;
    // A pause of the whole limiter is waited for there.
    if (error.kind !== 'busy') await this.#sleep(waitMs(error, attempt), signal);
    signal.throwIfAborted();
  }

  /** Whether the request can be put so that this server takes it: another name of a field, or without what it does not know. */
  #adapted({ kind, message }: EndpointFailure): boolean {
    if (kind !== 'refused') return false;
    if (/max_completion_tokens/.test(message) && this.#maxTokensField === 'max_tokens') {
      this.#maxTokensField = 'max_completion_tokens';
      return true;
    }
    if (/logprobs/.test(message) && !this.#withoutLogprobs) {
      this.#withoutLogprobs = true;
      this.#options.note?.(
        'the server gives no probabilities of tokens: answers are classified by their keywords',
      );
      return true;
    }
    if (/temperature/.test(message) && !this.#withoutTemperature) {
      this.#withoutTemperature = true;
      this.#options.note?.('the server takes no temperature: answers may differ from call to call');
      return true;
    }
    return false;
  }

  async #call(code: string, signal: AbortSignal): Promise<Omit<CachedAnswer, 'truncated'>> {
    const { template, count, spending } = this.#options;
    const prompt = promptText(template, code);
    const reserved = { prompt: count.count(prompt), completion: this.#maxTokens };
    spending.reserve(reserved);
    let used: TokenUsage | undefined;
    try {
      const reply = await this.#client.ask(fillPrompt(template, code), this.#parameters, signal);
      const own = { prompt: reserved.prompt, completion: count.count(reply.text) };
      const isBelieved =
        reply.usage !== undefined &&
        isPlausible(reply.usage, { promptText: prompt, maxTokens: this.#maxTokens });
      const usage = isBelieved ? reply.usage : undefined;
      used = usage ?? own;
      this.#addUsage(own, usage);
      return { text: reply.text, ...topOf(reply), own, ...(usage === undefined ? {} : { usage }) };
    } finally {
      spending.settle(reserved, used);
    }
  }

  #addUsage(own: TokenUsage, said: TokenUsage | undefined): void {
    const { usage } = this;
    usage.calls++;
    usage.own.prompt += own.prompt;
    usage.own.completion += own.completion;
    if (said === undefined) {
      usage.disbelieved++;
      return;
    }
    usage.said.calls++;
    usage.said.prompt += said.prompt;
    usage.said.completion += said.completion;
  }

  #classified({ text = '', top = [], truncated }: CachedAnswer): PromptAnswer {
    const { answers } = this.#options.template;
    const masses = this.#options.answer === 'text' ? undefined : massesOf(top, answers);
    if (masses !== undefined) return oddsAnswer({ ...masses, truncated, text });
    const answer = classifyAnswer(text, answers);
    return { answer, score: scoreOfClass(answer), text, truncated };
  }

  get #maxTokens(): number {
    return this.#options.maxNewTokens;
  }

  get #parameters(): SamplingParameters {
    return {
      maxTokens: this.#maxTokens,
      maxTokensField: this.#maxTokensField,
      ...(this.#withoutTemperature ? {} : { temperature: 0 }),
      ...(this.#options.answer === 'text' || this.#withoutLogprobs ? {} : { topLogprobs: TOP_LOGPROBS }),
    };
  }

  /** Cut by our own count where the user gives a length. */
  #fitted(code: string): string {
    const { maxLength, count } = this.#options;
    if (maxLength === undefined || count.count(code) <= maxLength) return code;
    let [low, high] = [0, code.length];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (count.count(code.slice(0, middle)) <= maxLength) low = middle;
      else high = middle - 1;
    }
    return code.slice(0, low);
  }

  /**
   * All that an answer depends on, as it is asked for; what the server turns out not to take changes nothing. Keywords are not in it:
   * other ones need no other answers. Never the key.
   */
  #key(code: string): string {
    const { baseUrl, model, template, answer, maxNewTokens } = this.#options;
    const asked = [fillPrompt(template, code), answer, maxNewTokens];
    return textKey('endpoint/v1', baseUrl, model, JSON.stringify(asked));
  }
}

/** Undefined where no token begins an answer: the text then says more. */
function massesOf(
  top: NonNullable<CachedAnswer['top']>,
  answers: PromptTemplate['answers'],
): { readonly yes: number; readonly no: number } | undefined {
  const sum = (side: 'yes' | 'no') =>
    top.reduce(
      (total, [token, logprob]) => total + (sideOfToken(token, answers) === side ? Math.exp(logprob) : 0),
      0,
    );
  const [yes, no] = [sum('yes'), sum('no')];
  // Rounding of a server's logarithms, not more: a sum far above 1 is none of probabilities.
  if (!(yes + no > 0 && yes + no < 1.01)) return undefined;
  return { yes: Math.min(1, yes), no: Math.min(1, no) };
}

/** As it is kept: the first ones, with numbers that can be logarithms of probabilities. */
function topOf({ firstToken = [] }: ChatReply): Pick<CachedAnswer, 'top'> {
  const top = firstToken
    .filter(({ token, logprob }) => Number.isFinite(logprob) && token.length <= 200)
    .slice(0, TOP_LOGPROBS)
    .map(({ token, logprob }): [string, number] => [token, Math.min(logprob, 1)]);
  return top.length === 0 ? {} : { top };
}

const promptText = (template: PromptTemplate, code: string): string =>
  fillPrompt(template, code)
    .map(({ content }) => content)
    .join('\n');

/** Twice as long each time, and never the same for two that wait; as long as the server asks for, where it does. */
function waitMs({ retryAfterMs }: EndpointFailure, attempt: number): number {
  const backoff = Math.min(MOST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
  const jittered = backoff * (0.5 + Math.random() / 2);
  return retryAfterMs === undefined ? jittered : Math.max(retryAfterMs, 0) + jittered / 10;
}

/** As servers say that a prompt does not fit: 413, or 400 with a word about it. */
function isTooLong(error: unknown): boolean {
  if (!(error instanceof EndpointFailure) || error.kind !== 'refused') return false;
  if (error.status === 413) return true;
  return (
    error.status === 400 && /context|too long|too large|exceed|maximum.{0,40}tokens/i.test(error.message)
  );
}
