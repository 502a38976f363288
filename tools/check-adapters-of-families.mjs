#!/usr/bin/env node
/**
 * @file The two-way proof for every family: an adapter trained here on a reference folder's model gives the same logits in
 * Transformers + PEFT, and PEFT's adapter of that folder gives its logits here. Prints a table; exit code 1 when a folder
 * fails. Functions longer than a model can read are left out, and the table says so. Knows the engine only by the public API of the built package, Python only by its JSON lines.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { copyFittingFunctions, readReferences } from './fitting-functions.mjs';
import { ensurePythonEnv, PythonEnvError } from './python-env.mjs';

const toolsFolder = dirname(fileURLToPath(import.meta.url));
const api = resolve(toolsFolder, '..', 'dist', 'index.js');
const engine = resolve(toolsFolder, '..', 'dist', 'engine.js');
const fixtures = resolve(toolsFolder, '..', 'test', 'fixtures');

const usage = `node tools/check-adapters-of-families.mjs [FOLDER ...] [--tolerance 1e-5] [--target-modules NAMES] [--train JSON]
    FOLDER                 reference folders (base/, adapter/, io.safetensors); default: those of test/fixtures
    --tolerance X          largest difference of a logit
    --target-modules A,B   what our adapter trains; default: all-linear
    --train JSON           further keys of its training: '{"use_dora": true}'`;

/** Tokens of our functions; a model that reads less gets its longest cut to that. */
const LENGTHS = [1, 5, 17, 38];
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
/** 0 to 3 are special in one family or another. */
const FIRST_LETTER_ID = 4;
/** An adapter that changes the logits by less than so many tolerances proves nothing. */
const LEAST_EFFECT = 100;

class CheckError extends Error {}

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      tolerance: { type: 'string', default: '1e-5' },
      'target-modules': { type: 'string', default: 'all-linear' },
      train: { type: 'string', default: '{}' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return void process.stdout.write(`${usage}\n`);
  const tolerance = Number(values.tolerance);
  if (!(tolerance > 0))
    throw new CheckError(`--tolerance must be a positive number, not ${values.tolerance}`);
  const further = keysOf(values.train);
  const folders = positionals.length > 0 ? positionals.map(referenceFolder) : referenceFoldersIn(fixtures);
  if (!existsSync(api)) throw new CheckError(`${api} is missing: run npm run build first`);
  const names = values['target-modules'];
  const targets = names === 'all-linear' ? names : names.split(',');
  const vultune = {
    ...(await import(pathToFileURL(api).href)),
    ...(await import(pathToFileURL(engine).href)),
  };
  const python = ensurePythonEnv();

  const work = mkdtempSync(join(tmpdir(), 'vultune-families-'));
  try {
    const rows = [];
    for (const [index, folder] of folders.entries()) {
      rows.push(await ourSide(vultune, folder, { targets, further, work: join(work, `${index}`) }));
    }
    judgeInPeft(python, rows, work);
    process.stdout.write(table(rows, tolerance));
    process.exitCode = rows.every((row) => problemsOf(row, tolerance).length === 0) ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function keysOf(json) {
  try {
    const keys = JSON.parse(json);
    if (typeof keys === 'object' && keys !== null && !Array.isArray(keys)) return keys;
  } catch {
    // Said below.
  }
  throw new CheckError(`--train must be a JSON object, not ${json}`);
}

function isReferenceFolder(folder) {
  return existsSync(join(folder, 'io.safetensors')) && existsSync(join(folder, 'base', 'config.json'));
}

function referenceFolder(folder) {
  if (isReferenceFolder(folder)) return resolve(folder);
  throw new CheckError(`${folder} is not a reference folder: it needs base/ and io.safetensors\n${usage}`);
}

function referenceFoldersIn(parent) {
  return readdirSync(parent)
    .map((name) => join(parent, name))
    .filter(isReferenceFolder);
}

/** What the engine does with one folder: trains an adapter and scores with it, and scores with PEFT's own. */
async function ourSide(vultune, folder, { targets, further, work }) {
  const row = { folder, name: basename(folder) };
  let limit;
  try {
    limit = positionLimit(vultune, folder);
  } catch (error) {
    return { ...row, theirsError: describe(error), oursError: describe(error) };
  }
  try {
    const tooLong = readReferences(folder).lengths.filter((length) => length > limit).length;
    if (tooLong > 0) row.leftOut = `without ${tooLong} of more than ${limit} tokens`;
    const verified = tooLong === 0 ? folder : join(work, 'references');
    if (tooLong > 0) copyFittingFunctions(folder, verified, limit);
    const { ok: _, folders } = await vultune.verify({ dirs: [verified], cut: 'block' });
    const logits = folders[0].comparisons.find(({ quantity }) => quantity === 'cls_logits');
    if (logits === undefined) row.theirsError = 'the folder has no cls_logits';
    row.theirs = logits?.largestAbsoluteError;
  } catch (error) {
    row.theirsError = describe(error);
  }
  try {
    Object.assign(row, await trainAndPredict(vultune, folder, { targets, further, work, limit }));
  } catch (error) {
    row.oursError = describe(error);
  }
  return row;
}

/** The most tokens that the model can read of a function. */
function positionLimit({ readModel }, folder) {
  const file = join(folder, 'base', 'config.json');
  return readModel(JSON.parse(readFileSync(file, 'utf8')), file).positionLimit ?? Number.POSITIVE_INFINITY;
}

async function trainAndPredict(vultune, folder, { targets, further, work, limit }) {
  const base = join(work, 'base');
  cpSync(join(folder, 'base'), base, { recursive: true });
  writeFileSync(join(base, 'tokenizer.json'), JSON.stringify(letterTokenizer(vocabularySize(base))));
  writeFileSync(join(base, 'tokenizer_config.json'), '{}');
  const lengths = LENGTHS.map((length) => Math.min(length, limit));
  const training = [0, 4, 8].flatMap((first) => lengths.map((length, k) => letters(length, first + k)));
  const judged = lengths.map((length, k) => letters(length, 20 + k));
  const trainFile = writeRecords(join(work, 'train.jsonl'), training);
  const judgedFile = writeRecords(join(work, 'judged.jsonl'), judged);
  const run = join(work, 'run');
  const cache = join(work, 'cache');
  mkdirSync(cache);
  await vultune.train({
    base_model: base,
    train_file: trainFile,
    valid_file: judgedFile,
    output_dir: run,
    target_modules: targets,
    lora_r: 4,
    lora_alpha: 8,
    lora_dropout: 0,
    learning_rate: 1e-2,
    lr_scheduler_type: 'constant',
    num_train_epochs: 4,
    functions_per_step: 4,
    eval_strategy: 'no',
    max_length: Math.max(...lengths),
    feature_cache: false,
    cache_dir: cache,
    ...further,
  });
  const predictions = await vultune.predict({ run, data: judgedFile, logits: true });
  return {
    base: join(folder, 'base'),
    adapter: join(run, 'adapter'),
    functions: judged.map((code) => Array.from(code, (letter) => FIRST_LETTER_ID + LETTERS.indexOf(letter))),
    ours: predictions.map(({ logits }) => logits),
  };
}

function writeRecords(file, texts) {
  const records = texts.map((code, id) => ({ id, code, target: id % 2 }));
  writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return file;
}

function vocabularySize(base) {
  const config = JSON.parse(readFileSync(join(base, 'config.json'), 'utf8'));
  return config.vocab_size ?? config.padded_vocab_size;
}

/** The same letters for the same k, in no simple order. */
function letters(length, k) {
  return Array.from({ length }, (_, i) => LETTERS[(k * 7 + i * i * 3 + i) % LETTERS.length]).join('');
}

/** One token a letter, so that the ids are known on both sides; nothing is put around a text. */
function letterTokenizer(size) {
  const tokens = ['<unk>', '<pad>', '<begin>', '<end>', ...Array.from(LETTERS)];
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  if (tokens.length > size) {
    throw new CheckError(`a vocabulary of ${size} is too small for ${LETTERS.length} letters`);
  }
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: bytes,
    post_processor: null,
    decoder: bytes,
    model: { type: 'BPE', dropout: null, unk_token: '<unk>', fuse_unk: false, vocab, merges: [] },
  };
}

/** Gives every row with an adapter what PEFT makes of it; one Python for all, since importing takes longest. */
function judgeInPeft(python, rows, work) {
  const jobs = rows.filter(({ ours }) => ours !== undefined);
  if (jobs.length === 0) return;
  const file = join(work, 'jobs.json');
  const fields = jobs.map(({ folder, base, adapter, functions }) => ({ folder, base, adapter, functions }));
  writeFileSync(file, JSON.stringify(fields));
  const result = spawnSync(python, [join(toolsFolder, 'family_logits.py'), file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
    maxBuffer: 2 ** 28,
  });
  if (result.status !== 0) {
    throw new CheckError(`family_logits.py failed: ${result.error?.message ?? `exit code ${result.status}`}`);
  }
  for (const line of result.stdout.split('\n').filter((text) => text !== '')) {
    const { folder, logits, merged, effect, error } = JSON.parse(line);
    const row = jobs.find((job) => job.folder === folder);
    if (error !== undefined) row.oursError = error;
    else Object.assign(row, { difference: largestDifference(row.ours, logits), merged, effect });
  }
}

function largestDifference(ours, theirs) {
  const differences = ours.flatMap((logits, i) => logits.map((value, k) => Math.abs(value - theirs[i][k])));
  // A NaN is an infinite difference.
  return differences.reduce((most, value) => (value <= most ? most : value), 0);
}

/** Every reason why a row is not a proof; none: both ways hold. */
function problemsOf(row, tolerance) {
  const problems = [];
  const both = row.oursError !== undefined && row.oursError === row.theirsError;
  if (both) return [row.oursError];
  if (row.theirsError !== undefined) problems.push(`PEFT's adapter here: ${row.theirsError}`);
  else if (!(row.theirs <= tolerance)) problems.push("PEFT's adapter has other logits here");
  if (row.oursError !== undefined) problems.push(`our adapter: ${row.oursError}`);
  else if (row.difference === undefined) problems.push('our adapter: PEFT gave no answer');
  else {
    if (!(row.difference <= tolerance)) problems.push('our adapter has other logits in PEFT');
    // Merging rounds each weight anew.
    if (!(row.merged <= 10 * tolerance)) problems.push('merged into the base model it has other logits');
    if (!(row.effect >= LEAST_EFFECT * tolerance)) problems.push('it changes next to nothing');
  }
  return problems;
}

function table(rows, tolerance) {
  const columns = ['ours in PEFT', 'merged', 'effect', "PEFT's in ours"];
  const width = Math.max('folder'.length, ...rows.map(({ name }) => name.length));
  const line = (first, cells, last) =>
    `${first.padEnd(width)}  ${cells.map((cell, i) => cell.padStart(columns[i].length)).join('  ')}  ${last}`.trimEnd();
  const number = (value) => (value === undefined ? '-' : value.toExponential(1));
  const lines = rows.map((row) => {
    const problems = problemsOf(row, tolerance);
    const cells = [row.difference, row.merged, row.effect, row.theirs].map(number);
    return line(
      row.name,
      cells,
      problems.length === 0 ? ['ok', row.leftOut].filter(Boolean).join(', ') : `FAIL ${problems.join('; ')}`,
    );
  });
  const failed = rows.filter((row) => problemsOf(row, tolerance).length > 0).length;
  const largest = (key) => number(Math.max(...rows.map((row) => row[key] ?? 0)));
  const sum = `${rows.length - failed} of ${rows.length} folders proved both ways, logits within ${tolerance.toExponential()}; largest difference of ours in PEFT ${largest('difference')}, of PEFT's in ours ${largest('theirs')}`;
  return `${[line('folder', columns, ''), ...lines, '', sum].join('\n')}\n`;
}

/** A user's mistake has a code; anything else is a bug, of which the first line is enough in a table. */
function describe(error) {
  const [first] = error.message.split('\n');
  return error.code === undefined ? first : `${error.code}: ${first}`;
}

try {
  await main();
} catch (error) {
  const foreseen =
    error instanceof CheckError ||
    error instanceof PythonEnvError ||
    error.code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${foreseen ? error.message : error.stack}\n`);
  process.exitCode = foreseen ? 2 : 70;
}
