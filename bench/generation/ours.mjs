/**
 * @file Worker: how fast Vultune generates, on the job of transformers_worker.py. Imports the engine from dist/ and prints one
 * JSON line: tokensPerSecond (of the tokens after the first, all prompts together), firstTokenMs, peakMemoryBytes, ids.
 *
 * node ours.mjs --model M.gguf --job FILE --threads 2 [--blocks 1]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Generator } from '../../dist/generation/generator.js';
import { openModel } from '../../dist/network/open-model.js';
import { ortBackend } from '../../dist/runtime/ort/ort-backend.js';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    job: { type: 'string' },
    threads: { type: 'string', default: '2' },
    blocks: { type: 'string' },
  },
});
const { prompts, newTokens } = JSON.parse(readFileSync(values.job, 'utf8'));
const generator = await Generator.open(await openModel(values.model), undefined, {
  backend: await ortBackend({ threads: Number(values.threads) }),
  blocksPerStage: values.blocks === undefined ? undefined : Number(values.blocks),
});
// Weights are read and graphs compiled before anything is measured.
await generator.generate([prompts[0].slice(0, 8)], { maxNewTokens: 2 });

let first;
let tokens = 0;
const start = performance.now();
const answers = await generator.generate(prompts, {
  maxNewTokens: newTokens,
  batchSize: prompts.length,
  onToken: () => {
    tokens++;
    // The first tokens of all prompts are chosen together.
    if (tokens === prompts.length) first = performance.now();
  },
});
const end = performance.now();
process.stdout.write(
  `${JSON.stringify({
    tokensPerSecond: (tokens - prompts.length) / ((end - first) / 1000),
    firstTokenMs: first - start,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    ids: answers.map(({ ids }) => ids),
  })}\n`,
);
await generator.close();
