/** @file Where chat templates are found, what they render to beside Transformers, and templates that fail, loop or grow. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { TokenizerDefinition } from '../../../../src/checkpoint/checkpoint.ts';
import type { ChatMessage } from '../../../../src/text/chat/chat-message.ts';
import { type ChatTemplate, chatTemplate } from '../../../../src/text/chat/chat-template.ts';
import { renderChat, renderChats } from '../../../../src/text/chat/render-chat.ts';
import { renderAll } from '../../../../src/text/chat/render-job.ts';

interface Case {
  readonly name: string;
  readonly template: string;
  readonly specialTokens: Readonly<Record<string, string>>;
  /** Each chat with and without the beginning of an answer; null where Transformers raises. */
  readonly texts: readonly (string | null)[];
}
const fixtures = new URL('../../../fixtures/chat/cases.json', import.meta.url);
const { chats, cases } = JSON.parse(readFileSync(fixtures, 'utf8')) as {
  chats: ChatMessage[][];
  cases: Case[];
};

const template = (source: string, specialTokens = {}): ChatTemplate => ({
  source,
  specialTokens,
  file: 'model/tokenizer_config.json',
});

const huggingface = (config: unknown): TokenizerDefinition => ({
  kind: 'huggingface',
  json: {},
  config,
  file: 'model/tokenizer.json',
});

describe.each(cases)('a template in the manner of $name', ({ template: source, specialTokens, texts }) => {
  test.each(
    chats.flatMap((messages, chat) =>
      [true, false].map((addGenerationPrompt, i) => ({
        chat: chat + 1,
        messages,
        addGenerationPrompt,
        expected: texts[2 * chat + i]!,
      })),
    ),
  )('chat $chat, answer begun: $addGenerationPrompt', ({ messages, addGenerationPrompt, expected }) => {
    const render = () => [
      ...renderAll({ template: template(source, specialTokens), chats: [messages], addGenerationPrompt }),
    ];
    if (expected === null) expect(render).toThrow(/does not render chat 1/);
    else expect(render()).toEqual([expected]);
  });
});

test('the thread renders many chats in their order', async () => {
  const { template: source, specialTokens, texts } = cases[0]!;
  const rendered = await renderChats(template(source, specialTokens), chats);
  expect(rendered).toEqual(texts.filter((_, i) => i % 2 === 0));
});

describe('where a template is found', () => {
  test('tokenizer_config.json: text, with special tokens as text or as objects', () => {
    const config = {
      chat_template: 'x',
      bos_token: '<s>',
      eos_token: { content: '</s>' },
      add_bos_token: true,
    };
    expect(chatTemplate(huggingface(config), 'model')).toEqual({
      source: 'x',
      specialTokens: { bos_token: '<s>', eos_token: '</s>' },
      file: 'model/tokenizer.json',
    });
  });

  const several = huggingface({
    chat_template: [
      { name: 'default', template: 'd' },
      { name: 'tool_use', template: 't' },
    ],
  });
  test('several: the default one, or the one asked for', () => {
    expect(chatTemplate(several, 'model').source).toBe('d');
    expect(chatTemplate(several, 'model', 'tool_use').source).toBe('t');
  });

  test('GGUF metadata, with special tokens by their ids', () => {
    const definition: TokenizerDefinition = {
      kind: 'gguf',
      metadata: {
        'tokenizer.ggml.tokens': ['<pad>', '<s>', '</s>'],
        'tokenizer.ggml.bos_token_id': 1,
        'tokenizer.ggml.eos_token_id': 2,
        'tokenizer.chat_template': 'x',
        'tokenizer.chat_template.tool_use': 't',
      },
      file: 'model.gguf',
    };
    expect(chatTemplate(definition, 'model.gguf')).toEqual({
      source: 'x',
      specialTokens: { bos_token: '<s>', eos_token: '</s>' },
      file: 'model.gguf',
    });
    expect(chatTemplate(definition, 'model.gguf', 'tool_use').source).toBe('t');
  });

  test.each([
    ['a model without one', huggingface({}), 'CHAT_TEMPLATE_MISSING', /has no chat template/],
    ['a model without a tokenizer', undefined, 'CHAT_TEMPLATE_MISSING', /has no chat template/],
    ['a number', huggingface({ chat_template: 3 }), 'CHAT_TEMPLATE_INVALID', /neither text nor a list/],
    ['a huge text', huggingface({ chat_template: ' '.repeat(1e6 + 1) }), 'CHAT_TEMPLATE_INVALID', /1000001/],
  ])('%s is refused', (_, definition, code, message) => {
    expect(() => chatTemplate(definition, 'model')).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  test('an unknown name lists those that are there', () => {
    expect(() => chatTemplate(several, 'model', 'rag')).toThrow(
      expect.objectContaining({ hint: 'It has "default", "tool_use".' }),
    );
  });
});

describe('a template that cannot be used', () => {
  const user: ChatMessage[] = [{ role: 'user', content: 'x' }];
  const NEST = `{% for a in range(100000) %}`;

  test.each([
    ['a broken tag', '{% if %}', /cannot be read/],
    ['an unclosed loop', '{% for m in messages %}', /cannot be read/],
    ['an unknown filter', "{{ 'a' | nothing }}", /does not render chat 1/],
    ['an exception of its own', "{{ raise_exception('no system role') }}", /no system role/],
    [
      'more text than any model reads',
      `${NEST}{{ '${'x'.repeat(100)}' }}{% endfor %}`,
      /10000000 characters/,
    ],
    ['deep nesting', `${'{% if true %}'.repeat(20_000)}`, /cannot be read/],
  ])('%s', async (_, source, message) => {
    await expect(renderChat(template(source), user)).rejects.toMatchObject({
      code: 'CHAT_TEMPLATE_FAILED',
      message: expect.stringMatching(message),
      where: { file: 'model/tokenizer_config.json' },
    });
  });

  test.each([
    ['text', "{% set n = namespace(x='x') %}", 'n.x ~ n.x'],
    ['a list', '{% set n = namespace(x=[1]) %}', 'n.x + n.x'],
  ])('%s that doubles without end', async (_, first, twice) => {
    const source = `${first}{% for a in range(100) %}{% set n.x = ${twice} %}{% endfor %}`;
    await expect(renderChat(template(source), user)).rejects.toMatchObject({ code: 'CHAT_TEMPLATE_FAILED' });
  });

  test('a template that loops is ended by the signal', async () => {
    const loops = `${NEST}${NEST}${NEST}{% endfor %}{% endfor %}{% endfor %}`;
    const stop = new AbortController();
    const rendering = renderChat(template(loops), user, { signal: stop.signal });
    setTimeout(() => stop.abort(), 200);
    await expect(rendering).rejects.toThrow(/abort/i);
  });
});
