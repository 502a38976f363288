#!/usr/bin/env node
/**
 * @file Shows that an adapter written here is PEFT's too: loads it in Transformers + PEFT, scores the first functions
 * of a file there and with `vultune predict --logits`, and compares. Exit code 1 when they differ.
 * Knows the two programs only by their JSON lines, and no engine code.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { resolveBaseModel } from './base-model.mjs';
import { ensurePythonEnv, PythonEnvError } from './python-env.mjs';

const toolsFolder = dirname(fileURLToPath(import.meta.url));
const vultuneMain = resolve(toolsFolder, '..', 'dist', 'cli', 'main.js');

const usage = `node tools/check-adapter-in-peft.mjs RUN_OR_ADAPTER --data FILE.jsonl [--count 20] [--tolerance 1e-3]
    [--base-model PATH]    where the adapter's base_model_name_or_path is not to be found from here
    [--predictions FILE]   compare with these JSON lines (id, logits) instead of running vultune predict`;

class CheckError extends Error {}

function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      count: { type: 'string', default: '20' },
      tolerance: { type: 'string', default: '1e-3' },
      'base-model': { type: 'string' },
      predictions: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return void process.stdout.write(`${usage}\n`);
  const [run] = positionals;
  if (run === undefined || values.data === undefined)
    throw new CheckError(`RUN and --data are needed.\n${usage}`);
  const count = positiveNumber('--count', values.count);
  const tolerance = positiveNumber('--tolerance', values.tolerance);

  const adapter = adapterFolder(run);
  const settings = adapterSettings(adapter);
  const work = mkdtempSync(join(tmpdir(), 'vultune-peft-'));
  try {
    const data = firstRows(values.data, count, work);
    const ours = values.predictions ? jsonLines(values.predictions) : ourPredictions(run, data.file);
    const python = ensurePythonEnv();
    const reference = values['base-model'] ?? settings.baseModel;
    const base = resolveBaseModel(reference, { python, relativeTo: values['base-model'] ? '.' : adapter });
    const theirs = peftLogits(python, { base, adapter, data: data.file, maxLength: settings.maxLength });
    const difference = largestDifference(ours.slice(0, data.rows), theirs);
    report(difference, { functions: data.rows, tolerance, maxLength: settings.maxLength, base });
    process.exitCode = difference.logit <= tolerance ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function positiveNumber(name, text) {
  const value = Number(text);
  if (!(value > 0)) throw new CheckError(`${name} must be a positive number, not ${text}`);
  return value;
}

function adapterFolder(run) {
  const found = [join(run, 'adapter'), run].find((folder) => existsSync(join(folder, 'adapter_config.json')));
  if (found === undefined)
    throw new CheckError(`no adapter_config.json in ${run} or ${join(run, 'adapter')}`);
  return resolve(found);
}

/** What PEFT's own file does not hold is in vultune.json; an adapter from elsewhere has none, and nothing is cut. */
function adapterSettings(adapter) {
  const config = JSON.parse(readFileSync(join(adapter, 'adapter_config.json'), 'utf8'));
  const ownFile = join(adapter, 'vultune.json');
  const own = existsSync(ownFile) ? JSON.parse(readFileSync(ownFile, 'utf8')) : {};
  refuseWhatPeftLacks(own, 'longFunctions', ['truncate']);
  refuseWhatPeftLacks(own, 'pooling', ['last', 'last_token', 'first']);
  return { baseModel: config.base_model_name_or_path, maxLength: own.maxLength };
}

function refuseWhatPeftLacks(own, key, possible) {
  if (own[key] === undefined || possible.includes(own[key])) return;
  throw new CheckError(
    `vultune.json has ${key}: ${own[key]}; Transformers + PEFT can only do ${possible[0]}, so there is nothing to compare with`,
  );
}

/** Both programs read the same short file, so that neither scores the whole data set. */
function firstRows(file, count, work) {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, count);
  if (lines.length === 0) throw new CheckError(`${file} holds no functions`);
  const shortFile = join(work, 'functions.jsonl');
  writeFileSync(shortFile, `${lines.join('\n')}\n`);
  return { file: shortFile, rows: lines.length };
}

function ourPredictions(run, data) {
  if (!existsSync(vultuneMain)) throw new CheckError(`${vultuneMain} is missing: run npm run build first`);
  return parseLines(
    output(process.execPath, [vultuneMain, 'predict', run, '--data', data, '--logits']),
    'vultune predict',
  );
}

function peftLogits(python, { base, adapter, data, maxLength }) {
  const args = [
    join(toolsFolder, 'peft_logits.py'),
    '--base-model',
    base,
    '--adapter',
    adapter,
    '--data',
    data,
  ];
  if (maxLength !== undefined) args.push('--max-length', String(maxLength));
  return parseLines(output(python, args), 'peft_logits.py');
}

function output(command, args) {
  const env = { ...process.env, TQDM_DISABLE: '1' };
  const result = spawnSync(command, args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
    maxBuffer: 2 ** 28,
  });
  if (result.status === 0) return result.stdout;
  const reason = result.error?.message ?? `exit code ${result.status}`;
  throw new CheckError(`${command} ${args.join(' ')} failed: ${reason}`);
}

function jsonLines(file) {
  return parseLines(readFileSync(file, 'utf8'), file);
}

function parseLines(text, from) {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      const row = parseRow(line, `${from}, row ${index + 1}`);
      const valid = Array.isArray(row.logits) && row.logits.length === 2 && row.logits.every(Number.isFinite);
      if (!valid) throw new CheckError(`${from}, row ${index + 1}: "logits" must be two finite numbers`);
      return row;
    });
}

function parseRow(line, where) {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new CheckError(`${where} is no JSON: ${error.message}`);
  }
}

/** Rows correspond by order; ids are compared where both sides have one. */
function largestDifference(ours, theirs) {
  if (ours.length !== theirs.length) {
    throw new CheckError(`${ours.length} predictions from vultune, ${theirs.length} from PEFT`);
  }
  const largest = { logit: 0, score: 0, row: 0 };
  for (const [row, mine] of ours.entries()) {
    const other = theirs[row];
    if (mine.id != null && other.id != null && String(mine.id) !== String(other.id)) {
      throw new CheckError(`row ${row + 1} is ${mine.id} from vultune but ${other.id} from PEFT`);
    }
    const logit = Math.max(...mine.logits.map((value, k) => Math.abs(value - other.logits[k])));
    if (logit > largest.logit)
      Object.assign(largest, { logit, row, ours: mine.logits, theirs: other.logits });
    // PEFT knows no calibration: what is compared is the score before it.
    const score = mine.raw_score ?? mine.score;
    if (score !== undefined) largest.score = Math.max(largest.score, Math.abs(score - other.score));
  }
  return largest;
}

function report(difference, { functions, tolerance, maxLength, base }) {
  const lines = [
    `base model                   ${base}`,
    `functions                    ${functions}, cut at ${maxLength ?? 'no'} tokens`,
    `largest difference of logits ${difference.logit.toExponential(2)} (tolerance ${tolerance.toExponential()})`,
    `largest difference of scores ${difference.score.toExponential(2)}`,
  ];
  if (difference.logit > tolerance) {
    lines.push(
      `row ${difference.row + 1}: vultune ${difference.ours.join(' ')}, PEFT ${difference.theirs.join(' ')}`,
    );
  }
  lines.push(difference.logit <= tolerance ? 'ok' : 'FAIL');
  process.stdout.write(`${lines.join('\n')}\n`);
}

try {
  main();
} catch (error) {
  const foreseen =
    error instanceof CheckError ||
    error instanceof PythonEnvError ||
    error.code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${foreseen ? error.message : error.stack}\n`);
  process.exitCode = foreseen ? 2 : 70;
}
