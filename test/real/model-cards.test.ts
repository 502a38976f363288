/**
 * @file The Python in a model card, run as it stands: an adapter trained here on a tiny model of each family has the
 * scores in Transformers + PEFT that `predict` gives. Needs the environment of `node tools/python-env.mjs`.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { predict, train } from '../../src/index.ts';
import { FAMILY_NAMES } from '../../src/model/families/registry.ts';
import { fixtureFolder, fixturesOf, openFixture } from '../support/tiny-model.ts';

const project = resolve(import.meta.dirname, '../..');
const python = join(
  project,
  '.venv',
  ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
);
const hasPython = existsSync(python);
if (!hasPython) console.warn(`skipped: ${python} is missing (node tools/python-env.mjs makes it)`);

const root = mkdtempSync(join(tmpdir(), 'vultune-cards-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Its code is published with the model, which a fixture has no copy of. */
const NOT_IN_TRANSFORMERS = ['chatglm'];

const CODES = ['int', 'return a;', 'xyzzy', 'a'];

test.skipIf(!hasPython).each(FAMILY_NAMES.filter((family) => !NOT_IN_TRANSFORMERS.includes(family)))(
  '%s',
  async (family) => {
    const { run, data } = await trained(family);
    const ours = (await predict({ run, data })).map(({ raw_score, score }) => raw_score ?? score);
    const theirs = runCard(join(run, 'adapter'));
    expect(theirs).toHaveLength(CODES.length);
    theirs.forEach((score, i) => {
      expect(score).toBeCloseTo(ours[i]!, 5);
    });
    // Scores that are all alike would prove nothing.
    expect(Math.max(...ours) - Math.min(...ours)).toBeGreaterThan(0.01);
  },
);

async function trained(family: string): Promise<{ readonly run: string; readonly data: string }> {
  const folder = join(root, family);
  const fixture = fixturesOf(family)[0]!;
  const base = join(folder, 'base');
  cpSync(join(fixtureFolder(fixture), 'base'), base, { recursive: true });
  const { vocabularySize } = (await openFixture(fixture)).model;
  writeFileSync(join(base, 'tokenizer.json'), JSON.stringify(letterTokenizer(vocabularySize)));
  // By this class Transformers takes tokenizer.json as it is.
  writeFileSync(join(base, 'tokenizer_config.json'), '{"tokenizer_class": "PreTrainedTokenizerFast"}');
  const written = (name: string, codes: readonly string[]) => {
    const rows = codes.map((code, id) => `${JSON.stringify({ id, code, target: id % 2 })}\n`);
    writeFileSync(join(folder, name), rows.join(''));
    return join(folder, name);
  };
  const data = written('data.jsonl', CODES);
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
  });
  return { run, data };
}

/** The scores of the codes by the card's own `score`. */
function runCard(adapter: string): number[] {
  const card = readFileSync(join(adapter, 'README.md'), 'utf8');
  const lines = /```python\n([\s\S]*?)\n```/.exec(card)![1]!;
  const more = `\nimport json\nprint(json.dumps([score(code) for code in ${JSON.stringify(CODES)}]))\n`;
  const { status, stdout, stderr } = spawnSync(python, ['-c', lines + more], {
    cwd: adapter,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

/** One token a printable character; nothing is put around a text. */
function letterTokenizer(size: number) {
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
