/** @file tokenizer.json for `npm run fuzz`: small files of each kind of component, opened and used. */
import { loadTokenizer } from '../../src/text/open-tokenizer.ts';
import { byteLevelJson } from '../unit/text/small-tokenizer.ts';
import type { FuzzTarget } from './fuzz-target.ts';

const normalizer = { type: 'Replace', pattern: { Regex: '(a+)+b' }, content: 'x' };
const split = {
  type: 'Split',
  pattern: { Regex: String.raw`(\w+\s?)*!` },
  behavior: 'Isolated',
  invert: false,
};
const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
const pre_tokenizer = { type: 'Sequence', pretokenizers: [split, bytes] };
const post_processor = { type: 'BertProcessing', sep: ['<|end|>', 0], cls: ['<|start|>', 266] };

export const TOKENIZER_TARGET: FuzzTarget = {
  name: 'tokenizer',
  seeds: async () =>
    [byteLevelJson(), byteLevelJson({ normalizer, pre_tokenizer, post_processor })].map((json) =>
      Buffer.from(JSON.stringify(json)),
    ),
  run: async (input) => {
    let json: unknown;
    try {
      json = JSON.parse(Buffer.from(input).toString('utf8'));
    } catch {
      return;
    }
    const file = 'tokenizer.json';
    const tokenizer = loadTokenizer({ kind: 'huggingface', json, config: undefined, file }, 'model');
    tokenizer.decode(tokenizer.encode(`int x = ${'a'.repeat(200)}é <|end|> don't\n`));
  },
};
