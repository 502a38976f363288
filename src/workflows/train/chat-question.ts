/**
 * @file task: instruct. What the model's own chat template makes of a prompt around a function: the texts before and behind the code,
 * and those of both answers. The template is rendered around a placeholder, so that the code is encoded, and cut, by itself.
 */
import { existsSync } from 'node:fs';
import { VultuneError } from '../../base/errors.ts';
import { readTextFile } from '../../base/files.ts';
import type { TokenizerDefinition } from '../../checkpoint/checkpoint.ts';
import { readYaml } from '../../config/read-yaml.ts';
import type { TrainConfig } from '../../config/train-config.ts';
import type { OpenModel } from '../../network/open-model.ts';
import { type ChatTemplate, chatTemplate } from '../../text/chat/chat-template.ts';
import { fillPrompt, type PromptTemplate, parsePromptTemplate } from '../../text/chat/prompt-template.ts';
import { renderChats } from '../../text/chat/render-chat.ts';
import type { StoredQuestion } from '../../text/question.ts';

type Keys = Pick<TrainConfig, 'task' | 'prompt' | 'chat_template'>;

const DEFAULT_PROMPT: PromptTemplate = {
  id: 'default',
  system: 'You review source code for security weaknesses. You answer with one word.',
  user: 'Does the following function have a security vulnerability? Answer yes or no.\n\n{code}',
  answers: { yes: ['yes'], no: ['no'] },
};

const MOST_BYTES = 1_000_000;

/** The configuration with the prompt and the chat template themselves in place of their files: a resumed run asks the same. */
export function withPrompt<C extends Keys>(config: C): C {
  if (config.task !== 'instruct') return config;
  const { chat_template: template } = config;
  return {
    ...config,
    prompt: readPrompt(config.prompt),
    chat_template: template === null || isTemplate(template) ? template : readTextFile(template, MOST_BYTES),
  };
}

function readPrompt(prompt: Keys['prompt']): PromptTemplate {
  if (prompt === null) return DEFAULT_PROMPT;
  if (typeof prompt !== 'string') {
    return parsePromptTemplate({ id: 'inline', answers: DEFAULT_PROMPT.answers, ...prompt }, 'prompt');
  }
  const { value, faults } = readYaml(readTextFile(prompt, MOST_BYTES));
  if (faults.length === 0) return parsePromptTemplate(value, prompt);
  throw new VultuneError('PROMPT_INVALID', `not valid YAML: ${faults[0]!.message}`, {
    where: { file: prompt, name: 'prompt' },
  });
}

/** A path holds no tags of Jinja. */
const isTemplate = (text: string) => /\{[{%]/.test(text) && !existsSync(text);

/** Stands where the code does; no template changes or trims it. */
const PLACE = 'VULTUNECODEPLACE';

/**
 * What the model is asked, of a configuration that went through `withPrompt`.
 * @throws VultuneError CHAT_TEMPLATE_MISSING, CHAT_TEMPLATE_FAILED, CHAT_TEMPLATE_UNFIT
 */
export async function chatQuestion(
  { prompt: asked, chat_template: own }: Keys,
  { checkpoint, path }: Pick<OpenModel, 'checkpoint' | 'path'>,
): Promise<StoredQuestion> {
  const prompt = readPrompt(asked);
  const template = templateOf(checkpoint.tokenizer, path, own);
  const messages = fillPrompt(prompt, PLACE);
  const answers = [prompt.answers.no[0]!, prompt.answers.yes[0]!] as const;
  const [question] = await renderChats(template, [messages]);
  const whole = await renderChats(
    template,
    answers.map((content) => [...messages, { role: 'assistant', content }]),
    { addGenerationPrompt: false },
  );
  const [before, after, ...more] = question!.split(PLACE);
  if (before === undefined || after === undefined || more.length > 0) {
    throw unfit(template, `writes the function ${more.length === 0 ? 'nowhere' : 'more than once'}`);
  }
  const ends = whole.map((text, i) => {
    if (!text.startsWith(question!)) {
      throw unfit(template, 'makes of a chat with its answer another beginning than of the question alone');
    }
    const end = text.slice(question!.length);
    if (!end.includes(answers[i]!)) throw unfit(template, `does not write the answer "${answers[i]}"`);
    // Some write a line break behind the token that ends the turn: nothing is learnt of it.
    return end.trimEnd();
  });
  return { task: 'instruct', before, after, answers: [ends[0]!, ends[1]!] };
}

function templateOf(
  definition: TokenizerDefinition | undefined,
  path: string,
  own: string | null,
): ChatTemplate {
  try {
    return chatTemplate(own === null ? definition : withTemplate(definition, own), path);
  } catch (error) {
    if (!(error instanceof VultuneError) || error.code !== 'CHAT_TEMPLATE_MISSING') throw error;
    throw new VultuneError(error.code, error.message, {
      where: error.where ?? {},
      hint: 'Give one with chat_template: FILE.jinja, use the -Instruct version of the model, or task: next_token, which needs none.',
      cause: error,
    });
  }
}

function withTemplate(
  definition: TokenizerDefinition | undefined,
  source: string,
): TokenizerDefinition | undefined {
  if (definition === undefined) return undefined;
  if (definition.kind === 'gguf') {
    return { ...definition, metadata: { ...definition.metadata, 'tokenizer.chat_template': source } };
  }
  return { ...definition, config: { ...(definition.config as object | undefined), chat_template: source } };
}

const unfit = ({ file }: ChatTemplate, what: string) =>
  new VultuneError('CHAT_TEMPLATE_UNFIT', `the model's chat template ${what}`, {
    where: { file, name: 'chat_template' },
    hint: 'Give another one with chat_template: FILE.jinja, a prompt without a system message (some templates write it in the last turn), or use task: next_token.',
  });
