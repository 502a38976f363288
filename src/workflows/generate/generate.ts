/** @file Continues one text or chat with a model. */
import { VultuneError } from '../../base/errors.ts';
import { readTextFile } from '../../base/files.ts';
import type { GenerateOptions } from '../../generation/generate-options.ts';
import type { Generated } from '../../generation/generated.ts';
import { checkJson } from '../../schema/check-value.ts';
import { z } from '../../schema/zod.ts';
import type { ChatMessage } from '../../text/chat/chat-message.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { type OpenGeneratorOptions, openGenerator } from './open-generator.ts';

export interface GenerateTextOptions
  extends OpenGeneratorOptions,
    Omit<GenerateOptions, 'signal' | 'onText' | 'batchSize'> {
  /** A folder, a GGUF file, an id on the hub, or a run or adapter folder. */
  readonly model: string;
  /** A text to continue, as it is. */
  readonly prompt?: string | undefined;
  /** Instead of a prompt: a chat, written by the model's own template. A JSON file of [{ role, content }], or the messages. */
  readonly messages?: string | readonly ChatMessage[] | undefined;
  /** Told of new text as soon as it is certain. */
  readonly onText?: ((text: string) => void) | undefined;
}

export interface GeneratedText extends Generated {
  /** Until the first token, without opening the model. */
  readonly firstTokenMs: number;
  /** Speed of the tokens after the first; undefined for an answer of one token. */
  readonly tokensPerSecond: number | undefined;
}

/** No chat is larger: models read some 100,000 tokens. */
const MOST_BYTES = 16_000_000;

const messagesSchema = z.array(z.object({ role: z.string().min(1), content: z.string() })).min(1);

/**
 * @throws VultuneError GENERATION_INPUT unless there is either a prompt or a chat, MESSAGES_INVALID, and what openGenerator and the
 * generator throw; the signal's reason
 */
export async function generate(
  { model, prompt, messages, onText, ...options }: GenerateTextOptions,
  given?: Partial<WorkflowContext>,
): Promise<GeneratedText> {
  const context = workflowContext(given);
  const { signal } = context;
  if ((prompt === undefined) === (messages === undefined)) {
    throw new VultuneError(
      'GENERATION_INPUT',
      `there is ${prompt === undefined ? 'neither a prompt nor a chat' : 'both a prompt and a chat'}, expected one of them`,
      { hint: 'Give --prompt TEXT, or --messages FILE with [{ "role": "user", "content": ... }].' },
    );
  }
  const chat = typeof messages === 'string' ? readMessages(messages) : messages;
  const generator = await openGenerator(model, options, context);
  try {
    const asked = chat === undefined ? prompt! : (await generator.encodeChats([chat], { signal }))[0]!;
    const startMs = performance.now();
    let firstMs: number | undefined;
    const [answer] = await generator.generate([asked], {
      ...options,
      signal,
      onToken: () => {
        firstMs ??= performance.now();
      },
      onText: ({ text }) => onText?.(text),
    });
    const endMs = performance.now();
    const further = answer!.ids.length - 1;
    const seconds = (endMs - (firstMs ?? endMs)) / 1000;
    return {
      ...answer!,
      firstTokenMs: (firstMs ?? endMs) - startMs,
      tokensPerSecond: further > 0 && seconds > 0 ? further / seconds : undefined,
    };
  } finally {
    await generator.close();
  }
}

const readMessages = (file: string): readonly ChatMessage[] =>
  checkJson(messagesSchema, readTextFile(file, MOST_BYTES), {
    code: 'MESSAGES_INVALID',
    file,
    hint: 'A chat is a JSON list: [{ "role": "user", "content": "..." }].',
  });
