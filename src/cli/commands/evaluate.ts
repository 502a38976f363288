/** @file `vultune evaluate`: options; the work is the workflow's. */
import { Command, Option } from 'commander';
import { CALIBRATIONS, type EvaluateOptions } from '../../workflows/evaluate/evaluate-options.ts';
import type { CliContext } from '../context.ts';
import type { FigureFormat } from '../display/data-table-format.ts';
import {
  addBlendOption,
  addClusterOptions,
  addDeviceOptions,
  addExamples,
  addFigureFormat,
  addPrecisionOption,
  fieldsOption,
  parseCount,
  parsePrevalence,
  parseShare,
} from '../options.ts';
import type { CliCommand } from '../program.ts';
import { refuseSwapped } from '../usage-hint.ts';

export interface EvaluateRequest extends EvaluateOptions {
  /** Print every slice. */
  readonly slices: boolean;
  readonly format: FigureFormat;
  /** Print JSON on stdout instead of tables. */
  readonly json: boolean;
}

export type RunEvaluate = (request: EvaluateRequest, context: CliContext) => Promise<void>;

type Options = Omit<EvaluateRequest, 'runs'>;

const JSON_HELP = `
JSON (--json), of one run:
  run, data, verdict, functions, vulnerable, threshold
  threshold_from    adapter, validation (--valid), given (--threshold), or fixed: 0.5
  metrics           by name; null where a metric is not defined
  undefined, cautions   why a metric has no value, or a value that says little
  intervals         by name: [low, high], 95%; P-C ..., pair_ranking (V2P) and unrelated_ranking (V2N) are in it
  bootstrap         resamples, cluster_by, clusters, few_clusters
  precision_used    with --precision: weight_format, trained_in, largest_difference of a score on so many functions
  confusion, pairs  counts at the threshold; the four outcomes of pairs, and pairs ranked right
  v2p, v2n          value, low, high: vulnerable functions against their own fixes, and against unrelated ones
  baselines         by name, each with the same fields as the model
  blend             the same fields for the model blended with TF-IDF and length, which scans use where it is better; used
  shortfalls        where the model is not better: baseline, metric, kind (worse, notBetter, unproven, undefined), sentence
  slices            dimension, name, functions, vulnerable, right, wrong, metrics, intervals, too_small
  at_prevalence     precision, its interval, alerts and finds per 1000 functions (--prevalence)
  calibration       method and numbers in use; null when scores are the network's own
  contamination     checked, exact, near, dropped: test functions that were trained on; validation: the run's own
Of several runs: runs (a list of these), mean (by metric: mean, sd, runs), ensemble (as one run).`;

export function evaluateCommand(run: RunEvaluate): CliCommand {
  return (context) => {
    const command = new Command('evaluate')
      .summary('measure models on labelled functions, and against baselines')
      .description(
        'Measure a fine-tuned model on labelled functions.\n\n' +
          'Gives its figures, each with a 95% interval, and those of the baselines: all-positive, chance, length only, TF-IDF ' +
          'with logistic regression and nearest neighbour, fitted on the same training file. A model that does not beat ' +
          'them has learnt nothing. Below them is the blend of model, TF-IDF and length, which scans use where it is better. ' +
          'Several runs (seeds) give mean, standard deviation and ensemble.\n\n' +
          'Stops when functions of the file, or near duplicates of them, were in the training data. ' +
          'Scores are kept in the run folder: a second evaluation of the same file is instant.',
      )
      .argument('<runs...>', 'run folders, or any PEFT adapter folders whose base model can be loaded')
      .option(
        '--data <file>',
        'functions with labels: JSON lines, JSON, CSV, TSV, Parquet or a published set (default: the test file of the runs)',
      )
      .addOption(fieldsOption())
      .option('--train <file>', "training file of the baselines (default: the run's train_file)")
      .option(
        '--valid <file>',
        'choose the threshold on this file (default: the threshold stored in the run)',
      )
      .addOption(
        new Option('--threshold <x>', 'score from which a function counts as vulnerable')
          .argParser(parseShare)
          .conflicts('valid'),
      )
      .addOption(
        new Option(
          '--calibration <method>',
          "fit this calibration on the validation file instead of using the adapter's own",
        ).choices(CALIBRATIONS),
      )
      .addOption(
        new Option(
          '--prevalence <x>',
          'share of functions that are vulnerable where you will use it: precision and alerts at that rate',
        ).argParser(parsePrevalence),
      )
      .addOption(
        new Option(
          '--max-length <n>',
          "tokens read per function (default: the run's, or the model's own)",
        ).argParser(parseCount),
      )
      .addOption(
        new Option(
          '--allow-contamination',
          'evaluate although functions of the file were trained on',
        ).default(false),
      )
      .addOption(
        new Option('--drop-contaminated', 'leave out functions of the file that were trained on')
          .default(false)
          .conflicts('allowContamination'),
      )
      .option('--slices', 'print every slice: per CWE, language, length, project', false)
      .option('--json', 'print JSON on standard output instead of tables', false);
    addFigureFormat(command);
    addBlendOption(command);
    addClusterOptions(command);
    addPrecisionOption(command);
    addDeviceOptions(command);
    command.addHelpText('after', JSON_HELP);
    addExamples(command, [
      ['a run on data it has not seen', 'vultune evaluate runs/first --data test.jsonl'],
      ['three seeds and their ensemble', 'vultune evaluate runs/1 runs/2 runs/3 --data test.jsonl'],
      [
        'an adapter from elsewhere, its threshold chosen on validation data',
        'vultune evaluate adapter/ --data test.jsonl --train train.jsonl --valid valid.jsonl',
      ],
      [
        'where three functions in a hundred are vulnerable',
        'vultune evaluate runs/first --data test.jsonl --prevalence 0.03',
      ],
      ['a table for a paper', 'vultune evaluate runs/first --format tex > table.tex'],
      ['one figure for a script', 'vultune evaluate runs/first --data test.jsonl --json | jq .metrics'],
    ]);
    return command.action(async (runs: string[], options: Options) => {
      refuseSwapped(
        runs[0]!,
        [options.data ?? ''],
        (meant, path) => `vultune evaluate ${meant} --data ${path}`,
      );
      await run({ runs, ...options }, context);
    });
  };
}
