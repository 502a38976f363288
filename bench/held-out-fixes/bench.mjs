/**
 * @file The benchmark of held-out fixes: each package of the test part is scanned whole in its vulnerable release. How many of the
 * functions that the fix changed stand among the first of the ranking, beside chance, length and TF-IDF; and what `scan --diff`
 * makes of the step between the releases.
 */
import { spawnSync } from 'node:child_process';
import { realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readLabelledRecords } from '../../dist/dataset/read-jsonl.js';
import { lengthOnly } from '../../dist/evaluation/baselines/length-only.js';
import { tfidfLogisticRegression } from '../../dist/evaluation/baselines/tfidf-logistic-regression.js';
import { percentileInterval } from '../../dist/evaluation/resampling/intervals.js';
import { drawClusters } from '../../dist/evaluation/resampling/resample.js';
import { openRun } from '../../dist/runs/run-folder.js';
import { openScores } from '../detector-scores.mjs';
import { fetchTexts, folderName, treesFolder, writeTree } from '../releases.mjs';
import { say, wholeNumber, writeResult } from '../results.mjs';
import { readRunOptions, testPackages } from '../run-options.mjs';
import { markdownTable, percent, withInterval } from '../summary.mjs';
import { BenchError, machine } from '../worker.mjs';
import { groupedMeans, inTop, position, randomShare, weighedMeans } from './ranking.mjs';

export const usage = `npm run bench -- held-out-fixes --run RUN [options]
  --run RUN           a run of the quickstart, or any other with a test part out of releases
  --test FILE.jsonl   functions of held-out fixes; default: the run's test part
  --functions 600     a release with more functions is left out
  --least 20          and one with fewer: the first 5 % of a handful is one function in a few
  --packages 40       packages at most, drawn with a fixed seed; each with all its pairs of releases
  --minutes 30        no release is begun after that
  --seed 42
  --cache DIR         where releases are kept; default: where data build keeps them
  --out FILE.json     default bench/results/held-out-fixes-TIME.json`;

const SHARES = [0.05, 0.1, 0.2];
const RESAMPLES = 2000;

/** @returns {Promise<number>} exit code */
export async function run(args) {
  const options = parseOptions(args);
  const { data } = openRun(options.run).record;
  const packages = await testPackages(options, 'held-out-fixes');
  const baselines = await fittedBaselines(data);
  const scores = await openScores(options.run);
  const started = performance.now();
  const outcome = await measureAll(packages, { options, baselines, scores, started });
  if (outcome.releases.length === 0) throw new BenchError('no release of the test part could be scanned');
  const summary = await summarise(outcome.releases, scores, options.seed);
  process.stdout.write(`${report(summary, outcome, scores)}\n`);
  writeResult(options.out, {
    options,
    machine: machine(),
    used: scores.used,
    threshold: scores.threshold,
    thresholdSource: scores.thresholdSource,
    seconds: (performance.now() - started) / 1000,
    summary,
    ...outcome,
  });
  return 0;
}

function parseOptions(args) {
  const values = readRunOptions(
    args,
    { name: 'held-out-fixes', usage },
    { test: undefined, functions: '600', least: '20', packages: '40', minutes: '30', seed: '42' },
  );
  return {
    ...values,
    functions: wholeNumber('functions', values.functions),
    least: wholeNumber('least', values.least),
    packages: wholeNumber('packages', values.packages),
    minutes: wholeNumber('minutes', values.minutes),
    seed: wholeNumber('seed', values.seed, 0),
  };
}

/** On the files that the run was trained on. */
async function fittedBaselines(data) {
  if (data.train_file === undefined)
    throw new BenchError('the run does not say what it was trained on: give another run');
  const train = await readLabelledRecords(data.train_file.path);
  const valid = data.valid_file === undefined ? [] : await readLabelledRecords(data.valid_file.path);
  return [lengthOnly, tfidfLogisticRegression].map((baseline) => ({
    name: baseline.name,
    label: baseline.label,
    fitted: baseline.fit(train, valid),
  }));
}

async function measureAll(packages, { options, baselines, scores, started }) {
  const releases = [];
  const leftOut = {};
  const leave = (why) => {
    leftOut[why] = (leftOut[why] ?? 0) + 1;
  };
  let scanned = 0;
  const isLate = () => performance.now() - started > options.minutes * 60_000;
  for (const { project, pairs } of packages) {
    const before = releases.length;
    for (const pair of pairs) {
      if (isLate() || scanned >= options.packages) {
        leave(isLate() ? 'no time left' : 'enough packages');
        continue;
      }
      const outcome = await measurePair(pair, { options, baselines, scores });
      if (typeof outcome === 'string') leave(outcome);
      else releases.push(outcome);
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      const said = typeof outcome === 'string' ? outcome : `${outcome.functions} functions`;
      say(`${seconds} s  ${project} ${pair.vulnerable}: ${said}`);
    }
    if (releases.length > before) scanned++;
  }
  return { releases, leftOut };
}

/** @returns {Promise<object | string>} what was found, or why the pair is left out */
async function measurePair(pair, { options, baselines, scores }) {
  const texts = await fetchTexts(pair, options.cache).catch((error) => {
    say(`${pair.name}: ${error.message}`);
    return undefined;
  });
  if (texts === undefined) return 'not to be had';
  const [folder, also] = ['vulnerable', 'fixed'].map((side) => {
    const tree = join(treesFolder(), `${folderName(pair.name, pair[side])}-${side}`);
    writeTree(tree, texts[side]);
    return realpathSync(tree);
  });
  const functions = await scores.ofTree(folder, texts.vulnerable, { most: options.functions, also });
  if (functions === undefined) return `more than ${options.functions} functions`;
  if (functions.length < options.least) return `fewer than ${options.least} functions`;
  const orders = { model: functions.map(({ model }) => model) };
  if (scores.hasBlend) orders.blend = functions.map(({ blend }) => blend);
  for (const { name, fitted } of baselines) orders[name] = fitted.score(functions);
  const places = new Map(functions.map(({ file, startLine }, i) => [`${file}:${startLine}`, i]));
  const used = orders[scores.used];
  const changed = await changedBetween(pair, texts, scores);
  return {
    project: pair.project,
    pair: `${pair.name} ${pair.vulnerable}...${pair.fixed}`,
    functions: functions.length,
    flagged: used.filter((score) => score >= scores.threshold).length,
    changed: { backwards: changed.backwards.length, forwards: changed.forwards.length },
    fixes: pair.known.map((record) =>
      fixFigures(record, { functions, places, orders, used, threshold: scores.threshold, changed, pair }),
    ),
  };
}

/** One vulnerable function in each order; a function that the scan passes over is found by none. */
function fixFigures(record, { functions, places, orders, used, threshold, changed, pair }) {
  const place = `${record.path}:${record.start_line}`;
  const index = places.get(place);
  const size = functions.length;
  const figures = {
    id: record.id,
    isScanned: index !== undefined,
    random: SHARES.map((share) => randomShare(size, share)),
  };
  const backwards = new Set(changed.backwards.map((one) => `${one.file}:${one.startLine}`));
  const repaired = pair.repaired.find((other) => other.pair !== undefined && other.pair === record.pair);
  const after = changed.forwards.find(
    ({ file, startLine }) => file === repaired?.path && startLine === repaired?.start_line,
  );
  const inDiff = [...places].filter(([key]) => backwards.has(key)).map(([, i]) => i);
  const at = inDiff.indexOf(index);
  return {
    ...figures,
    inTop: Object.fromEntries(
      Object.entries(orders).map(([name, scores]) => [
        name,
        SHARES.map((share) => (index === undefined ? 0 : inTop(scores, index, share))),
      ]),
    ),
    position: Object.fromEntries(
      Object.entries(orders).map(([name, scores]) => [
        name,
        index === undefined ? 1 : position(scores, index),
      ]),
    ),
    isFlagged: index !== undefined && used[index] >= threshold,
    isInDiff: at !== -1,
    positionInDiff:
      at === -1 || inDiff.length < 2
        ? null
        : position(
            inDiff.map((i) => used[i]),
            at,
          ),
    scoreBefore: after?.modelBefore ?? null,
    scoreAfter: after?.model ?? null,
  };
}

/**
 * `backwards`: from the fixed release to the vulnerable one, as a change that brings the vulnerability in; places are the vulnerable
 * release's. `forwards`: the fix itself.
 */
async function changedBetween(pair, { vulnerable, fixed }, scores) {
  const folder = join(treesFolder(), `${folderName(pair.name, pair.vulnerable)}-diff`);
  const between = async (from, to) => {
    writeTree(folder, from);
    commitAll(folder);
    for (const path of from.keys()) if (!to.has(path)) removeFile(folder, path);
    writeTree(folder, to, { keepGit: true });
    return await scores.ofChanged(realpathSync(folder));
  };
  return { backwards: await between(fixed, vulnerable), forwards: await between(vulnerable, fixed) };
}

const removeFile = (folder, path) => rmSync(join(folder, path), { force: true });

function commitAll(folder) {
  const identity = [
    '-c',
    'user.name=bench',
    '-c',
    'user.email=bench@localhost',
    '-c',
    'commit.gpgsign=false',
  ];
  for (const args of [
    ['init', '--quiet'],
    ['add', '--all', '--force'],
    [...identity, 'commit', '--quiet', '--allow-empty', '--no-verify', '--message', 'one release'],
  ]) {
    const { status, stderr } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new BenchError(`git ${args.at(-1)}: ${stderr.trim()}`);
  }
}

/** Means over fixes, and their intervals over packages: the same draws for every order, so that differences are paired. */
async function summarise(releases, { hasBlend }, seed) {
  const names = ['random', 'lengthOnly', 'tfidfLogisticRegression', 'model', ...(hasBlend ? ['blend'] : [])];
  const fixes = releases.flatMap(({ project, functions, flagged, fixes: of }) =>
    of.map((fix) => ({ group: project, values: valuesOf(fix, names, flagged / functions) })),
  );
  const { means, groups } = groupedMeans(fixes);
  const replicates = means.map(() => new Float64Array(RESAMPLES));
  const clusters = { by: 'project', count: groups.length, of: new Uint32Array() };
  await drawClusters({ clusters, resamples: RESAMPLES, seed }, (r, weights) => {
    for (const [v, mean] of weighedMeans(groups, weights).entries()) replicates[v][r] = mean;
  });
  const figure = (at) => ({ value: means[at], interval: percentileInterval(replicates[at]) });
  const minus = (a, b) => ({
    value: means[a] - means[b],
    interval: percentileInterval(replicates[a].map((value, r) => value - replicates[b][r])),
  });
  const width = SHARES.length + 1;
  const first = (name) => names.indexOf(name) * width;
  const best = hasBlend ? 'blend' : 'model';
  const end = names.length * width;
  return {
    fixes: fixes.length,
    packages: groups.length,
    pairs: releases.length,
    functions: releases.reduce((sum, { functions }) => sum + functions, 0),
    notScanned: releases.flatMap(({ fixes: of }) => of).filter(({ isScanned }) => !isScanned).length,
    orders: Object.fromEntries(
      names.map((name) => [
        name,
        {
          inTop: SHARES.map((share, s) => ({ share, ...figure(first(name) + s) })),
          position: figure(first(name) + SHARES.length),
        },
      ]),
    ),
    differences: Object.fromEntries(
      names
        .filter((name) => name !== best)
        .map((name) => [`${best} - ${name}`, minus(first(best), first(name))]),
    ),
    recall: figure(end),
    flaggedShare: figure(end + 1),
    diff: summariseDiff(releases),
  };
}

/** By order: each share of the first, then the position; then whether it is flagged, and the share of functions that are. */
function valuesOf(fix, names, flaggedShare) {
  const byOrder = names.flatMap((name) =>
    name === 'random' ? [...fix.random, 0.5] : [...fix.inTop[name], fix.position[name]],
  );
  return [...byOrder, fix.isFlagged ? 1 : 0, flaggedShare];
}

function summariseDiff(releases) {
  const fixes = releases.flatMap(({ fixes: of }) => of);
  const scored = fixes.filter(({ scoreBefore, scoreAfter }) => scoreBefore !== null && scoreAfter !== null);
  const placed = fixes.filter(({ positionInDiff }) => positionInDiff !== null);
  const total = (numbers) => numbers.reduce((sum, number) => sum + number, 0);
  return {
    functions: total(releases.map(({ functions }) => functions)),
    changed: total(releases.map(({ changed }) => changed.backwards)),
    changedByTheFix: total(releases.map(({ changed }) => changed.forwards)),
    inDiff: fixes.filter(({ isInDiff }) => isInDiff).length,
    flagged: fixes.filter(({ isInDiff, isFlagged }) => isInDiff && isFlagged).length,
    placed: placed.length,
    position: total(placed.map(({ positionInDiff }) => positionInDiff)) / placed.length,
    scored: scored.length,
    fell: scored.filter(({ scoreBefore, scoreAfter }) => scoreAfter < scoreBefore).length,
  };
}

const LABELS = {
  random: 'random (expected)',
  lengthOnly: lengthOnly.label,
  tfidfLogisticRegression: tfidfLogisticRegression.label,
  model: 'model',
  blend: 'blend',
};

/** @returns {string} Markdown */
export function report(summary, { leftOut }, { used, threshold, thresholdSource }) {
  const { fixes, packages, pairs, functions, notScanned, orders, differences, recall, flaggedShare } =
    summary;
  const head = ['order', ...SHARES.map((share) => `fixes in the first ${100 * share} %`), 'mean position'];
  const rows = Object.entries(orders).map(([name, { inTop: shares, position: at }]) => [
    `${LABELS[name]}${name === used ? ' (a scan goes by it)' : ''}`,
    ...shares.map((figure) => (name === 'random' ? percent(figure.value) : withInterval(figure, percent))),
    name === 'random' ? '0.50' : withInterval(at, (value) => value.toFixed(2)),
  ]);
  const { diff } = summary;
  return [
    `${fixes} fixed functions of ${packages} packages, ${pairs} vulnerable releases with ${functions} functions; ` +
      `95 % intervals over packages. ${notScanned} of them are passed over by a scan's filters and count as not found.`,
    '',
    markdownTable([head, ...rows]),
    '',
    `In the first 5 %, ${Object.entries(differences)
      .map(([name, figure]) => `${name}: ${withInterval(figure, percent)}`)
      .join('; ')}.`,
    `At the default threshold (${threshold.toPrecision(3)}, ${thresholdSource}): ${withInterval(recall, percent)} of the fixed functions are flagged, ` +
      `and ${withInterval(flaggedShare, percent)} of all functions.`,
    `\`scan --diff\` between the releases scores ${diff.changed} of ${diff.functions} functions ` +
      `(${diff.changedByTheFix} on the side of the fix). It has ${diff.inDiff} of the ${fixes} fixed functions, ` +
      `flags ${diff.flagged}, and their mean position among the changed ones is ${diff.placed === 0 ? 'unknown' : diff.position.toFixed(2)} (chance: 0.50); ` +
      `the model's score falls with the fix for ${diff.fell} of ${diff.scored}.`,
    `Left out: ${
      Object.entries(leftOut)
        .map(([why, count]) => `${count} pairs (${why})`)
        .join(', ') || 'none'
    }.`,
  ].join('\n');
}
