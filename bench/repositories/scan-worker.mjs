#!/usr/bin/env node
/**
 * @file One scan of one tree, as `vultune scan RUN TREE` does it by default but without kept scores: its figures and its first
 * findings as one JSON line. Arguments: run, folder, threads.
 */
import { relative, resolve } from 'node:path';
import { scan } from '../../dist/index.js';
import { quietReporter } from '../results.mjs';

const MOST_FINDINGS = 20;

const [run, folder, threads] = process.argv.slice(2);
const started = performance.now();
const { report } = await scan(
  {
    run,
    paths: [folder],
    gitignore: false,
    cache: false,
    numThreads: Number(threads),
    frames: MOST_FINDINGS,
  },
  { report: quietReporter },
);
const seconds = (performance.now() - started) / 1000;
const { counts, findings, threshold, thresholdSource, baseFolder } = report;
const figures = {
  files: counts.files,
  functions: counts.functions,
  seconds,
  functionsPerSecond: counts.functions / seconds,
  peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  vulnerable: counts.vulnerable,
  uncertain: counts.uncertain,
  threshold,
  thresholdSource,
  noticed: report.noticed.map(({ reason, count }) => ({ reason, count })),
  findings: findings
    .slice(0, MOST_FINDINGS)
    .map((finding) => ({ ...finding, file: relative(folder, resolve(baseFolder, finding.file)) })),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
