/**
 * @file Messages -> the text that a model was tuned on, by its own chat template: what Transformers' apply_chat_template makes.
 * The text holds its special tokens, so it is encoded without further ones: `tokenizer.encode(text, { addSpecialTokens: false })`.
 */
import { VultuneError } from '../../base/errors.ts';
import { streamBounded, type WorkerLimit } from '../../workers/bounded-worker.ts';
import type { ChatMessage } from './chat-message.ts';
import type { ChatTemplate } from './chat-template.ts';
import { RENDER_JOB } from './render-job.ts';

export interface RenderOptions {
  /** Whether the text ends with what comes before an answer of the model. Default: true. */
  readonly addGenerationPrompt?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Rendering a chat takes under a millisecond; starting the thread and reading the template some 100. */
const TIMEOUT_MS = 10_000;
const MEMORY_MB = 256;

/**
 * The text of each chat, in their order: one thread for all of them.
 * @throws VultuneError CHAT_TEMPLATE_FAILED where the template cannot be read, refuses the messages, or reaches a limit of
 * time, memory or size.
 */
export async function renderChats(
  template: ChatTemplate,
  chats: readonly (readonly ChatMessage[])[],
  { addGenerationPrompt = true, signal }: RenderOptions = {},
): Promise<string[]> {
  const texts: string[] = [];
  const bounds = {
    timeoutMs: TIMEOUT_MS,
    memoryMb: MEMORY_MB,
    signal,
    onLimit: (limit: WorkerLimit) => reachedLimit(template, limit),
  };
  for await (const text of streamBounded(RENDER_JOB, { template, chats, addGenerationPrompt }, bounds)) {
    texts.push(text);
  }
  return texts;
}

/** The text of one chat. @throws as {@link renderChats}. */
export async function renderChat(
  template: ChatTemplate,
  messages: readonly ChatMessage[],
  options: RenderOptions = {},
): Promise<string> {
  return (await renderChats(template, [messages], options))[0]!;
}

const LIMITS: { readonly [K in WorkerLimit]: string } = {
  time: `has not rendered a chat after ${TIMEOUT_MS / 1000} seconds`,
  memory: `takes more than ${MEMORY_MB} MB of memory`,
  crash: 'ends the thread that renders it',
};

const reachedLimit = ({ file }: ChatTemplate, limit: WorkerLimit) =>
  new VultuneError('CHAT_TEMPLATE_FAILED', `the model's chat template ${LIMITS[limit]}`, {
    where: { file, name: 'chat_template' },
    hint: 'The template loops or grows without bound: use another copy of the model, or give the text itself as a prompt.',
  });
