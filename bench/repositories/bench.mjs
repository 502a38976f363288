/**
 * @file The benchmark of real trees: five packages' source releases and one tree of about 3,000 functions, each scanned with the
 * default options in a process of its own. Speed, memory, findings at the default budget; the first findings in a file to read.
 */
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readLabelledRecords } from '../../dist/dataset/read-jsonl.js';
import { openRun } from '../../dist/runs/run-folder.js';
import { contest } from '../contest.mjs';
import { fetchTexts, folderName, treesFolder, writeTree } from '../releases.mjs';
import { say, wholeNumber } from '../results.mjs';
import { readRunOptions } from '../run-options.mjs';
import { markdownTable } from '../summary.mjs';
import { BenchError } from '../worker.mjs';
import { findingsToRead } from './findings-to-read.mjs';
import { parseSpec } from './release-spec.mjs';

const FIVE = [
  'npm:express@4.19.2',
  'npm:fastify@4.26.2',
  'pypi:flask@3.0.3',
  'pypi:requests@2.31.0',
  'maven:org.jsoup:jsoup@1.17.2',
];
/** 3,125 functions after the default filters. */
const LARGE = 'maven:org.apache.commons:commons-lang3@3.11';

export const usage = `npm run bench -- repositories --run RUN [options]
  --run RUN           the run to scan with
  --only SPEC,SPEC    REGISTRY:NAME@VERSION; default: ${FIVE.join(', ')}, and the large one
  --large SPEC        default ${LARGE} (about 3,000 functions); none: leave it out
  --rounds 1          each tree is scanned once a round, in a process of its own, without kept scores
  --threads 2
  --read 4            findings of each tree that are written out to be read
  --cache DIR         where releases are kept; default: where data build keeps them
  --out FILE.json     default bench/results/repositories-TIME.json; the findings to read: the same with .md`;

const required = ['functions', 'seconds', 'functionsPerSecond', 'peakMemoryBytes', 'vulnerable', 'uncertain'];

/** @returns {Promise<number>} exit code: 1 when a scan failed */
export async function run(args) {
  const options = parseOptions(args);
  const trees = [];
  for (const spec of options.specs) trees.push(await treeOf(spec, options));
  const contenders = trees.map(({ name, folder }) => ({
    name,
    command: process.execPath,
    args: [join(import.meta.dirname, 'scan-worker.mjs'), options.run, folder, `${options.threads}`],
  }));
  const trainedOn = await projectsOf(openRun(options.run).record.data.train_file);
  const seen = new Map(trees.map(({ name, package: of }) => [name, trainedOn?.has(of)]));
  return await contest(contenders, {
    options,
    required,
    facts: { seen: Object.fromEntries(seen) },
    report: (summary, measurements) => {
      writeFindings(options, measurements);
      return report(summary, measurements, seen);
    },
  });
}

function writeFindings({ out, read }, measurements) {
  const toRead = out.replace(/(?:\.json)?$/, '.md');
  mkdirSync(dirname(toRead), { recursive: true });
  writeFileSync(toRead, findingsToRead(measurements, read));
  say(`findings to read in ${toRead}`);
}

function parseOptions(args) {
  const { only, large, ...values } = readRunOptions(
    args,
    { name: 'repositories', usage },
    { only: undefined, large: LARGE, rounds: '1', threads: '2', read: '4' },
  );
  const further = large === 'none' || only !== undefined ? [] : [large];
  return {
    ...values,
    specs: [...(only?.split(',') ?? FIVE), ...further],
    rounds: wholeNumber('rounds', values.rounds),
    threads: wholeNumber('threads', values.threads),
    read: wholeNumber('read', values.read),
  };
}

/** @throws BenchError for a release that cannot be had */
async function treeOf(spec, { cache }) {
  const release = parseSpec(spec);
  if (release === undefined)
    throw new BenchError(`${spec} is not a release: expected REGISTRY:NAME@VERSION of npm, pypi or maven`);
  const { ecosystem, name, version } = release;
  const texts = await fetchTexts({ ecosystem, name, vulnerable: version, fixed: version }, cache);
  if (texts === undefined) throw new BenchError(`${spec} is not in its registry, or has no source release`);
  const folder = join(treesFolder(), folderName(name, version));
  writeTree(folder, texts.vulnerable);
  return { package: name, name: `${name} ${version}`, folder: realpathSync(folder) };
}

/** What the model was trained on: it may know an older release of a tree. Undefined where the file is gone. */
async function projectsOf(file) {
  if (file === undefined || !existsSync(file.path)) return undefined;
  const records = await readLabelledRecords(file.path);
  return new Set(records.map(({ project }) => project));
}

/** @returns {string} Markdown: a row a tree, medians of the rounds */
export function report(summary, measurements, seen) {
  const head = [
    'tree',
    'files',
    'functions',
    'seconds',
    'functions/s',
    'peak memory, GB',
    'above the threshold',
    'uncertain',
    'package in the training part',
    'load before',
  ];
  const rows = [...summary].map(([name, figures]) => {
    const median = (figure, digits = 0) => figures[figure].median.toFixed(digits);
    const loads = measurements.filter((one) => one.name === name).map(({ loadBefore }) => loadBefore);
    return [
      name,
      median('files'),
      median('functions'),
      median('seconds'),
      median('functionsPerSecond', 1),
      (figures.peakMemoryBytes.median / 1e9).toFixed(2),
      median('vulnerable'),
      median('uncertain'),
      { true: 'yes', false: 'no' }[seen.get(name)] ?? 'unknown',
      Math.max(...loads).toFixed(1),
    ];
  });
  return markdownTable([head, ...rows]);
}
