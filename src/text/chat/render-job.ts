/**
 * @file Renders chats by a template, in a worker thread: a template is a program out of a downloaded file, so it may loop or
 * grow without bound. Started by render-chat.ts alone.
 */
import { Template } from '@huggingface/jinja';
import { VultuneError } from '../../base/errors.ts';
import type { WorkerStream } from '../../workers/worker-job.ts';
import type { ChatMessage } from './chat-message.ts';
import type { ChatTemplate } from './chat-template.ts';
import { pythonFunctions, withPythonMeaning } from './python-meaning.ts';

export interface RenderJob {
  readonly template: ChatTemplate;
  readonly chats: readonly (readonly ChatMessage[])[];
  readonly addGenerationPrompt: boolean;
}

/** The longest text that is handed back: some million tokens, more than any model reads. */
export const MOST_RENDERED_CHARACTERS = 4_000_000;

export const RENDER_JOB: WorkerStream<RenderJob, string> = {
  url: import.meta.url,
  name: 'renderAll',
  run: renderAll,
};

/** The text of each chat, in their order. */
export function* renderAll({ template, chats, addGenerationPrompt }: RenderJob): Generator<string> {
  const parsed = parse(template);
  const functions = pythonFunctions();
  for (const [index, messages] of chats.entries()) {
    // What Transformers' apply_chat_template passes to a template.
    const text = attempt(template, `does not render chat ${index + 1}`, () =>
      parsed.render({
        ...template.specialTokens,
        ...functions,
        messages,
        tools: null,
        documents: null,
        add_generation_prompt: addGenerationPrompt,
      }),
    );
    if (text.length > MOST_RENDERED_CHARACTERS) {
      throw failed(
        template,
        `makes ${text.length} characters of chat ${index + 1}, expected at most ${MOST_RENDERED_CHARACTERS}`,
      );
    }
    yield text;
  }
}

const parse = (template: ChatTemplate) =>
  // Jinja takes each kind of line's end for a newline, in the template alone.
  attempt(template, 'cannot be read', () =>
    withPythonMeaning(new Template(template.source.replaceAll(/\r\n?/g, '\n'))),
  );

/** What the library throws are plain errors, also where the template itself refuses the messages (`raise_exception`). */
function attempt<T>(template: ChatTemplate, what: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).slice(0, 300);
    throw failed(template, `${what}: ${reason}`);
  }
}

const failed = ({ file }: ChatTemplate, what: string) =>
  new VultuneError('CHAT_TEMPLATE_FAILED', `the model's chat template ${what}`, {
    where: { file, name: 'chat_template' },
    hint: 'Some templates refuse a role (system) or two messages of one role in a row: change the messages, or the template.',
  });
