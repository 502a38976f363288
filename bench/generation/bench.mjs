/**
 * @file The generation benchmark: Vultune beside Transformers and llama.cpp on the same model, prompts and threads: time to the first
 * token, tokens per second after it, for one prompt and for several at once. The measuring is in the workers.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveBaseModel, smolLm2 } from '../../tools/base-model.mjs';
import { contest, peersPython, withWorkFolder } from '../contest.mjs';
import { defaultOut, readOptions, say, wholeNumber } from '../results.mjs';
import { table } from '../summary.mjs';

const here = import.meta.dirname;

export const usage = `npm run bench -- generation [options]
  --model REF          GGUF file, folder or pypi:NAME==VERSION; default ${smolLm2}
  --prompts 1,8        how many prompts at once; each number is measured
  --prompt-tokens 256  tokens of each prompt, drawn with a fixed seed
  --new-tokens 64      tokens that each prompt is gone on with
  --rounds 3           every contender runs once a round; figures are medians
  --threads 2
  --llama-cpp PYTHON   an interpreter with the package xllamacpp; default: that of .venv; without the package llama.cpp is left out
  --out FILE.json      default bench/results/generation-TIME.json`;

const required = ['tokensPerSecond', 'firstTokenMs', 'peakMemoryBytes'];

/** @returns {Promise<number>} exit code: 1 when a contender failed */
export async function run(args) {
  const options = parseOptions(args);
  const python = peersPython();
  const model = resolveBaseModel(options.model, { python });
  const llamaCpp = options.llamaCpp ?? python;
  return await withWorkFolder((work) => {
    const ggufs = llamaCppFiles({ python, llamaCpp, model, work });
    return contest(contendersOf({ python, llamaCpp, ggufs, model, work }, options), {
      options,
      required,
      report: (summary, measurements) => `${report(summary)}\n${agreement(measurements, options)}`,
    });
  });
}

const hasPackage = (python, name) =>
  spawnSync(python, ['-c', `import ${name}`], { stdio: 'ignore' }).status === 0;

/** The same weights in float32, as the others compute, and a GGUF file as it is; none, and why, where llama.cpp cannot run. */
function llamaCppFiles({ python, llamaCpp, model, work }) {
  if (!hasPackage(llamaCpp, 'xllamacpp')) {
    say(`llama.cpp is left out: "${llamaCpp} -m pip install xllamacpp" adds it`);
    return [];
  }
  const decoded = join(work, 'float32.gguf');
  const { status, error, stderr } = spawnSync(python, [join(here, 'float32_gguf.py'), model, decoded], {
    encoding: 'utf8',
  });
  if (status !== 0) {
    say(`llama.cpp is left out: no GGUF file of ${model}: ${error?.message ?? stderr.trim()}`);
    return [];
  }
  return [
    { name: 'llama.cpp', file: decoded },
    ...(model.endsWith('.gguf') ? [{ name: 'llama.cpp as stored', file: model }] : []),
  ];
}

function contendersOf({ python, llamaCpp, ggufs, model, work }, options) {
  const threads = String(options.threads);
  return options.prompts.flatMap((count) => {
    const job = join(work, `job-${count}.json`);
    writeFileSync(
      job,
      JSON.stringify({ prompts: drawPrompts(count, options), newTokens: options.newTokens }),
    );
    const shared = ['--job', job, '--threads', threads];
    const rest = ['--model', model, ...shared];
    return [
      { name: `ours, ${count}`, command: process.execPath, args: [join(here, 'ours.mjs'), ...rest] },
      {
        name: `transformers, ${count}`,
        command: python,
        args: [join(here, 'transformers_worker.py'), ...rest],
        env: { OMP_NUM_THREADS: threads, TQDM_DISABLE: '1' },
      },
      ...ggufs.map(({ name, file }) => ({
        name: `${name}, ${count}`,
        command: llamaCpp,
        args: [join(here, 'llama_cpp_worker.py'), '--model', file, ...shared],
      })),
    ];
  });
}

function parseOptions(args) {
  const values = readOptions(args, {
    model: smolLm2,
    prompts: '1,8',
    'prompt-tokens': '256',
    'new-tokens': '64',
    rounds: '3',
    threads: '2',
    'llama-cpp': undefined,
    out: undefined,
  });
  const whole = (name) => wholeNumber(name, values[name]);
  return {
    model: values.model,
    prompts: values.prompts.split(',').map((count) => wholeNumber('prompts', count)),
    promptTokens: whole('prompt-tokens'),
    newTokens: whole('new-tokens'),
    rounds: whole('rounds'),
    threads: whole('threads'),
    llamaCpp: values['llama-cpp'],
    out: values.out ?? defaultOut('generation'),
  };
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

/** How many of the answers are those of Transformers, token by token: figures of other texts compare nothing. */
function agreement(measurements, { prompts }) {
  const idsOf = (name) => measurements.find((each) => each.name === name)?.figures?.ids;
  return prompts
    .flatMap((count) => {
      const expected = idsOf(`transformers, ${count}`);
      if (expected === undefined) return `${count}: nothing to compare`;
      return ['ours', 'llama.cpp', 'llama.cpp as stored'].flatMap((contender) => {
        const found = idsOf(`${contender}, ${count}`);
        if (found === undefined) return [];
        const same = found.filter((ids, i) => ids.join() === expected[i].join()).length;
        return `${contender}, ${count}: ${same} of ${found.length} answers are the same tokens as those of transformers`;
      });
    })
    .join('\n');
}
