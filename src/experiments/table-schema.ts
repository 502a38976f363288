/**
 * @file The schema of an experiment's table file: a base configuration, rows of overrides, seeds, columns, the paper's cells.
 * The keys of a configuration are not checked here: a cell whose configuration is wrong fails alone.
 */

import { snakeName } from '../evaluation/metrics/metric-names.ts';
import { metricNames } from '../evaluation/metrics/registry.ts';
import { z } from '../schema/zod.ts';

/** Figures of a run that are not metrics of a split. */
export const RUN_FIGURES = {
  threshold: 'Threshold',
  best_epoch: 'Best epoch',
  training_loss: 'Training loss, last epoch',
  training_hours: 'Training time (h)',
  functions_per_hour: 'Functions an hour',
  memory_gb: 'Memory (GB)',
} as const;
/** Counts over the functions of a slice, from the run's predictions. */
export const SLICE_FIGURES = { correct: 'Correct', incorrect: 'Incorrect' } as const;
/** Answers of a prompted model that are neither yes nor no. */
export const PROMPT_FIGURES = { unclassified: 'Unclassified' } as const;

const METRICS = metricNames.map(snakeName);
const FIGURES = [RUN_FIGURES, SLICE_FIGURES, PROMPT_FIGURES].flatMap((figures) => Object.keys(figures));

const LONGEST_TEXT = 2000;
const MOST_ROWS = 1000;
const MOST_SEEDS = 100;

const text = () => z.string().min(1).max(LONGEST_TEXT);
const settings = () => z.record(z.string().min(1).max(100), z.unknown());
const split = () => z.enum(['valid', 'test']);
const seeds = () =>
  z
    .array(
      z
        .int()
        .min(0)
        .max(2 ** 32 - 1),
    )
    .min(1)
    .max(MOST_SEEDS)
    .refine((list) => new Set(list).size === list.length, 'names a seed twice');

const column = z.strictObject({
  metric: z.enum([...METRICS, ...FIGURES] as [string, ...string[]]),
  on: split().default('test'),
  label: text().optional(),
});

/** As the paper prints it: a string keeps its last zeros. Null where the paper has no number. */
const paperCell = z.union([z.string().max(100), z.number()]).nullable();
const paperCells = z.array(paperCell).max(100);

const slice = z.union([
  z.strictObject({ cwe: z.string().regex(/^(?:CWE-\d{1,5}|other)$/) }),
  z.strictObject({ target: z.literal([0, 1]) }),
]);

const row = z.strictObject({
  name: text(),
  set: settings().default({}),
  /** Overrides of this row alone at a scale, by the scale's name. */
  scale: z.record(z.string(), settings()).default({}),
  /** Another row: each cell starts from the adapter of that row's cell of the same seed (double fine-tuning). */
  init_from: text().optional(),
  /** The name of a prompt, or its file: the base model is asked, not trained. */
  prompt: text().optional(),
  /** With a prompt: odds of the first token, or keywords of a generated text, which may say neither; default: odds. */
  answer: z.enum(['odds', 'text']).optional(),
  /** With a prompt: the server that is asked, where `run` allows it; base_model is the model's name there. */
  endpoint: z.url().max(LONGEST_TEXT).optional(),
  /** The functions that the row's figures are over; default: all. */
  slice: slice.optional(),
  /** Why the row has the paper's figures alone. */
  not_run: text().optional(),
  note: text().optional(),
  paper: paperCells.optional(),
});

const scale = z.strictObject({
  set: settings().default({}),
  seeds: seeds().optional(),
  /** The split that every metric is taken from instead. */
  on: split().optional(),
  differences: z.array(text()).max(100).default([]),
});

export const tableSchema = z.strictObject({
  title: text(),
  source: text().optional(),
  question: text().optional(),
  base: z.union([z.string().min(1), settings()]),
  seeds: seeds().default([42]),
  columns: z.array(column).min(1).max(50),
  rows: z.array(row).max(MOST_ROWS).default([]),
  /** A row for every combination of the values of these keys. */
  grid: z.record(z.string().min(1), z.array(z.unknown()).min(1).max(MOST_ROWS)).optional(),
  /** The paper's cells of the rows of a grid, by name. */
  paper: z.record(z.string(), paperCells).optional(),
  scale: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/), scale).default({}),
  differences: z.array(text()).max(100).default([]),
  /** Validation metrics that the page draws by epoch. */
  curves: z
    .array(z.enum(METRICS as [string, ...string[]]))
    .max(20)
    .default([]),
});

export type TableFile = z.output<typeof tableSchema>;
export type TableRow = TableFile['rows'][number];
export type TableColumn = TableFile['columns'][number];
export type Slice = NonNullable<TableRow['slice']>;
export type PaperCell = z.output<typeof paperCell>;
export type Settings = Readonly<Record<string, unknown>>;
