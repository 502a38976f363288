/**
 * @file The benchmark of triage: Semgrep with rules of this folder looks at the vulnerable and the fixed releases of the test part; a
 * finding in a function that the fix changed is real, the others count as not. Precision at the top and AUC in the scanner's order
 * and in triage's.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pairedDifference, percentileInterval } from '../../dist/evaluation/resampling/intervals.js';
import { drawClusters } from '../../dist/evaluation/resampling/resample.js';
import { triage } from '../../dist/index.js';
import { groupBy } from '../group-by.mjs';
import { fetchTexts, folderName, treesFolder, writeTree } from '../releases.mjs';
import { quietReporter, say, wholeNumber, writeResult } from '../results.mjs';
import { readRunOptions, testPackages } from '../run-options.mjs';
import { markdownTable, percent, withInterval } from '../summary.mjs';
import { BenchError, machine } from '../worker.mjs';
import { LABEL, labelFindings, orderAuc } from './labels.mjs';

const SEMGREP = '1.185.0';

export const usage = `npm run bench -- triage --run RUN [options]
  --run RUN           a run of the quickstart, or any other with a test part out of releases
  --test FILE.jsonl   functions of held-out fixes; default: the run's test part
  --packages 30       packages at most, drawn with a fixed seed; each with all its pairs of releases
  --kilobytes 1500    a release with more source text is left out
  --semgrep COMMAND   default: version ${SEMGREP} from PyPI, in an environment of its own in the cache
  --sarif FILE        a log that another scanner made of these trees, instead of Semgrep's
  --seed 42
  --cache DIR         where releases are kept; default: where data build keeps them
  --out FILE.json     default bench/results/triage-TIME.json`;

const RESAMPLES = 2000;

/** @returns {Promise<number>} exit code */
export async function run(args) {
  const options = parseOptions(args);
  const packages = await testPackages(options, 'triage');
  const root = join(treesFolder(), 'triage');
  const { known, projectOf, leftOut } = await writeReleases(packages, root, options);
  if (known.size === 0) throw new BenchError('no release of the test part can be had');
  say(`${known.size} releases of ${new Set(projectOf.values()).size} packages in ${root}`);
  const scanned = options.sarif ?? scanWithSemgrep(root, options);
  const log = `${root}.labelled.sarif`;
  const labelled = labelFindings(JSON.parse(readFileSync(scanned, 'utf8')), known);
  writeFileSync(log, JSON.stringify(labelled));
  const judged = [];
  for (const blend of ['auto', 'off']) {
    const { report } = await triage(
      { run: options.run, log, root: realpathSync(root), labelProperty: LABEL, blend, seed: options.seed },
      { report: quietReporter },
    );
    judged.push({
      scores: report.blend === undefined ? 'model' : 'blend',
      counts: report.counts,
      measures: report.measures,
      auc: await aucOf(report, labelled, projectOf, options.seed),
    });
    if (report.blend === undefined) break;
  }
  process.stdout.write(`${reportOf(judged, { known, projectOf, leftOut })}\n`);
  writeResult(options.out, { options, machine: machine(), leftOut, judged });
  return 0;
}

function parseOptions(args) {
  const values = readRunOptions(
    args,
    { name: 'triage', usage },
    {
      test: undefined,
      packages: '30',
      kilobytes: '1500',
      semgrep: undefined,
      sarif: undefined,
      seed: '42',
    },
  );
  return {
    ...values,
    packages: wholeNumber('packages', values.packages),
    kilobytes: wholeNumber('kilobytes', values.kilobytes),
    seed: wholeNumber('seed', values.seed, 0),
  };
}

/** A folder a release, both sides of each pair: a fixed release may be the vulnerable one of the next fix. */
async function writeReleases(packages, root, { packages: most, kilobytes, cache }) {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const known = new Map();
  const projectOf = new Map();
  const leftOut = {};
  let written = 0;
  for (const { project, pairs } of packages) {
    let isWritten = false;
    for (const pair of pairs) {
      const why =
        written >= most ? 'enough packages' : await writePair(pair, { root, kilobytes, cache, known });
      if (why !== undefined) leftOut[why] = (leftOut[why] ?? 0) + 1;
      isWritten ||= why === undefined;
      for (const version of [pair.vulnerable, pair.fixed])
        projectOf.set(folderName(pair.name, version), project);
    }
    if (isWritten) written++;
  }
  for (const folder of projectOf.keys()) if (!known.has(folder)) projectOf.delete(folder);
  return { known, projectOf, leftOut };
}

/** @returns {Promise<string | undefined>} why the pair is left out */
async function writePair(pair, { root, kilobytes, cache, known }) {
  const texts = await fetchTexts(pair, cache).catch((error) => {
    say(`${pair.name}: ${error.message}`);
    return undefined;
  });
  if (texts === undefined) return 'not to be had';
  const characters = [...texts.vulnerable.values()].reduce((sum, { length }) => sum + length, 0);
  if (characters > 1000 * kilobytes) return `more than ${kilobytes} kB`;
  for (const side of ['vulnerable', 'fixed']) {
    const folder = folderName(pair.name, pair[side]);
    writeTree(join(root, folder), texts[side]);
    known.set(folder, [...(known.get(folder) ?? []), ...(side === 'vulnerable' ? pair.known : [])]);
  }
  return undefined;
}

/** @returns {string} path of the SARIF file */
function scanWithSemgrep(root, { semgrep }) {
  const command = semgrep ?? ownSemgrep();
  const out = `${root}.sarif`;
  say('semgrep is running');
  const rules = join(import.meta.dirname, 'rules.yml');
  const args = ['scan', '--config', rules, '--metrics=off', '--disable-version-check', '--no-git-ignore'];
  args.push('--quiet', '--jobs', '2', '--sarif', '--output', out, '.');
  const { status, error, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new BenchError(`${command} failed: ${error?.message ?? stderr.slice(-2000)}`);
  return out;
}

function ownSemgrep() {
  const folder = join(treesFolder(), `semgrep-${SEMGREP}`);
  const bin = join(folder, process.platform === 'win32' ? 'Scripts' : 'bin');
  const command = join(bin, 'semgrep');
  if (existsSync(command)) return command;
  say(`installing semgrep ${SEMGREP} from PyPI into ${folder}`);
  for (const [program, args] of [
    ['python3', ['-m', 'venv', folder]],
    [join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', `semgrep==${SEMGREP}`]],
  ]) {
    const { status, error } = spawnSync(program, args, { stdio: ['ignore', 2, 2] });
    if (status === 0) continue;
    rmSync(folder, { recursive: true, force: true });
    throw new BenchError(
      `semgrep could not be installed (${error?.message ?? `exit code ${status}`}): name one with --semgrep, or a log with --sarif`,
    );
  }
  return command;
}

/** Before and after, with intervals over packages: the same draws for both. */
async function aucOf({ findings }, { runs }, projectOf, seed) {
  const after = findings.map(({ finding: { run: r, result } }) => {
    const { locations, properties } = runs[r].results[result];
    const { uri } = locations[0].physicalLocation.artifactLocation;
    const project = projectOf.get(decodeURIComponent(uri).split('/', 1)[0]);
    return { place: [r, result], project, isReal: properties[LABEL] };
  });
  const before = after.toSorted((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1]);
  const projects = [...groupBy(after, ({ project }) => project).keys()];
  const numbers = new Map(projects.map((project, i) => [project, i]));
  const orders = [before, after].map((order) => ({
    labels: order.map(({ isReal }) => isReal),
    clusters: order.map(({ project }) => numbers.get(project)),
    replicates: new Float64Array(RESAMPLES),
  }));
  const clusters = { by: 'project', count: projects.length, of: new Uint32Array() };
  await drawClusters({ clusters, resamples: RESAMPLES, seed }, (r, weights) => {
    for (const { labels, clusters: of, replicates } of orders) {
      const counts = of.map((cluster) => weights[cluster]);
      replicates[r] = orderAuc(labels, counts);
    }
  });
  const [first, second] = orders.map(({ labels, replicates }) => ({
    value: orderAuc(labels),
    interval: percentileInterval(replicates),
  }));
  const difference = pairedDifference(orders[1].replicates, orders[0].replicates)?.interval;
  return { before: first, after: second, difference };
}

const ratio = (value) => value.toFixed(3);

/** @returns {string} Markdown: a column for the scanner's order, then one for each kind of scores */
function reportOf(judged, { known, projectOf, leftOut }) {
  const [{ measures, counts }] = judged;
  const figures = ({ measures: { tops, averagePrecision }, auc }) => [
    ...tops.map(({ k, ...figure }) => [`precision of the first ${k}`, percent, figure]),
    ...(averagePrecision === undefined ? [] : [['average precision', ratio, averagePrecision]]),
    ['AUC', ratio, auc],
  ];
  const columns = judged.map(figures);
  const head = [
    'figure',
    "scanner's order",
    ...judged.map(({ scores }) => `after triage (${scores})`),
    ...judged.map(({ scores }) => `difference (${scores})`),
  ];
  const rows = columns[0].map(([label, form, figure], row) => [
    label,
    withInterval(figure.before, form),
    ...columns.map((column) => withInterval(column[row][2].after, form)),
    ...columns.map((column) => differenceOf(column[row][2], form)),
  ]);
  const left = Object.entries(leftOut).map(([why, count]) => `${count} pairs (${why})`);
  return [
    `${measures.labelled} findings in ${known.size} releases of ${new Set(projectOf.values()).size} packages, ${measures.real} of them ` +
      `(${percent(measures.real / measures.labelled)}) in a vulnerable function; ${counts.unscored} stand in no function that can be scored. ` +
      '95 % intervals: of precisions over files, of the AUC over packages.',
    '',
    markdownTable([head, ...rows]),
    '',
    `Left out: ${left.join(', ') || 'none'}.`,
  ].join('\n');
}

function differenceOf({ before, after, difference }, form) {
  return withInterval({ value: after.value - before.value, interval: difference }, form);
}
