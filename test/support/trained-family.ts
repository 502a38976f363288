/** @file A tiny model of any family trained for a moment: a run that other programs can be compared with. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TrainOptions, train } from '../../src/index.ts';
import { fixtureFolder, fixturesOf, openFixture } from './tiny-model.ts';

/** Texts of one token and of several. */
export const FUNCTION_TEXTS = ['int', 'return a;', 'xyzzy', 'a'];

/** What differs from the classifier that is trained without them. */
export type TrainedOptions = Pick<
  TrainOptions,
  | 'pooling'
  | 'keep_layers'
  | 'load_in_4bit'
  | 'task'
  | 'label_words'
  | 'chat_template'
  | 'prompt'
  | 'max_length'
>;

/** Options of both tasks in which the language model answers. */
export const ANSWERING: Readonly<Record<'next_token' | 'instruct', TrainedOptions>> = {
  next_token: { task: 'next_token', label_words: ['N', 'Y'] },
  instruct: {
    task: 'instruct',
    chat_template:
      '{% for m in messages %}[{{ m.role }}]{{ m.content }};{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}',
    prompt: { user: 'Bad? {code}', answers: { yes: ['yes'], no: ['no'] } },
    max_length: 56,
  },
};

/** `data` holds {@link FUNCTION_TEXTS}; the folder is made with the fixture's model in it. */
export async function trainedFamily(
  folder: string,
  family: string,
  options: TrainedOptions = {},
): Promise<{ readonly run: string; readonly data: string }> {
  const fixture = fixturesOf(family)[0]!;
  const base = join(folder, 'base');
  cpSync(join(fixtureFolder(fixture), 'base'), base, { recursive: true });
  const { vocabularySize } = (await openFixture(fixture)).model;
  writeFileSync(join(base, 'tokenizer.json'), JSON.stringify(letterTokenizer(vocabularySize)));
  // By this class Transformers takes tokenizer.json as it is.
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    // An answer ends with the end of text.
    ...(options.task === undefined ? {} : { eos_token: '!' }),
  };
  writeFileSync(join(base, 'tokenizer_config.json'), JSON.stringify(config));
  return await trainedOn(folder, base, options);
}

/** The same of a base model that lies elsewhere; the folder is there. */
export async function trainedOn(
  folder: string,
  base: string,
  options: TrainedOptions = {},
): Promise<{ readonly run: string; readonly data: string }> {
  const written = (name: string, codes: readonly string[]) => {
    const rows = codes.map((code, id) => `${JSON.stringify({ id, code, target: id % 2 })}\n`);
    writeFileSync(join(folder, name), rows.join(''));
    return join(folder, name);
  };
  const data = written('data.jsonl', FUNCTION_TEXTS);
  const run = join(folder, 'run');
  await train({
    base_model: base,
    train_file: written('train.jsonl', ['x = 1;', 'strcpy(a,b)', 'if (a) b;', 'free(p)']),
    valid_file: data,
    output_dir: run,
    learning_rate: 1e-2,
    num_train_epochs: 3,
    functions_per_step: 2,
    lora_dropout: 0,
    max_length: 32,
    feature_cache: false,
    cache_dir: join(folder, 'cache'),
    ...options,
  });
  return { run, data };
}

/** One token a printable character; nothing is put around a text. */
export function letterTokenizer(size: number) {
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const letters = Array.from({ length: Math.min(size, 95) - 1 }, (_, i) => String.fromCharCode(33 + i));
  // ByteLevel's letter for a blank.
  const vocab = Object.fromEntries(['\u0120', ...letters].map((letter, id) => [letter, id]));
  return {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: bytes,
    post_processor: null,
    decoder: bytes,
    model: { type: 'BPE', unk_token: null, vocab, merges: [] },
  };
}
