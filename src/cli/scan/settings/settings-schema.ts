/**
 * @file Every key of a repository's scan settings (vultune.yaml): its type and one sentence of what it does. The keys are
 * the options of `vultune scan`, which have the defaults.
 */
import type { BlendChoice } from '../../../judging/adapter-scale.ts';
import { NESTED } from '../../../scan/nested-findings.ts';
import { SCAN_FORMATS } from '../../../scan/output/format-names.ts';
import { jsonSchemaOf } from '../../../schema/json-schema.ts';
import { describeExpected, type JsonSchema } from '../../../schema/words.ts';
import { z } from '../../../schema/zod.ts';
import { PRECISIONS } from '../../../workflows/open/precision-names.ts';
import { budgetOf, FAIL_BANDS } from '../../commands/scan.ts';
import { DEVICES } from '../../options.ts';

const path = () => z.string().min(1);
const count = () => z.int().min(1);
const share = () => z.number().min(0).max(1);
const globs = () => z.array(path());

/** More are a list of files, which is another thing. */
const MOST_PATHS = 1000;

const budget = z
  .string()
  .refine((text) => budgetOf(text) !== undefined)
  .describe('a share such as "1/200" or "0.5%"')
  .transform((text) => budgetOf(text)!);

export const SETTINGS_GROUPS = {
  'What is scanned, and with what': {
    run: path().describe('A run folder, a PEFT adapter folder, or the hub id of an adapter.'),
    paths: z
      .array(path())
      .min(1)
      .max(MOST_PATHS)
      .describe('Files and folders to scan; left out: all of the folder that this file is in.'),
    include: globs().describe('Globs: only these files; left out: all.'),
    exclude: globs().describe('Globs: not these files or folders; left out: none.'),
    gitignore: z
      .boolean()
      .describe('Leave out what .gitignore excludes and git does not track (default true).'),
    include_minified: z.boolean().describe('Scan minified files too (default false).'),
    include_tests: z
      .boolean()
      .describe('Scan tests, fuzzing, benchmarks, examples and vendored code too (default false).'),
    include_generated: z
      .boolean()
      .describe('Scan files whose first comments say that a program wrote them too (default false).'),
    include_trivial: z
      .boolean()
      .describe('Score functions whose body is empty or only gives a value back too (default false).'),
  },
  'What is reported': {
    threshold: z
      .union([share(), z.literal('f1')])
      .describe(
        "Score from which on a function is reported as vulnerable, or f1: the one with the run's best F1; left out: flags at most 1 in 50 validation functions that are not vulnerable.",
      ),
    blend: z
      .boolean()
      .transform((isOn): BlendChoice => (isOn ? 'auto' : 'off'))
      .describe(
        "Score with the run's blend of model, TF-IDF and length where it ranked validation better (default true).",
      ),
    max_false_positives: z
      .union([share(), budget])
      .describe(
        "Instead of threshold: the largest share of the run's safe validation functions that may be flagged.",
      ),
    prevalence: z
      .number()
      .gt(0)
      .lt(1)
      .describe(
        'Share of functions that are vulnerable in what is scanned: scores become probabilities at that rate.',
      ),
    min_confidence: share().describe('Hide findings with a lower score (default 0).'),
    baseline: path().describe('A file of findings that are not reported; --update-baseline writes it.'),
    nested: z
      .enum(NESTED)
      .describe(
        'Of findings inside one another: the innermost that explain the outer one, the outermost, or both (default inner).',
      ),
    top: count().describe(
      'List only so many findings, the highest-scoring ones, and count the others; left out: all.',
    ),
    fail_on: z
      .enum(FAIL_BANDS)
      .describe('Exit with code 1 when a finding is in this band or above (default vulnerable).'),
  },
  'How it is written': {
    format: z.enum(SCAN_FORMATS).describe('Format of the output (default text).'),
    out: path().describe('A file to write in this format; left out: standard output.'),
    frames: z.int().min(0).describe('Findings shown with their code, in text and HTML (default 20).'),
    lines: z.boolean().describe('Look for the lines behind those findings (default true).'),
  },
  Engine: {
    max_length: count().describe("Tokens read per function; left out: the run's, or the model's own."),
    cache: z.boolean().describe('Use and keep the scores of earlier scans (default true).'),
    precision: z
      .enum(PRECISIONS)
      .describe(
        'Compute in float32, with 8-bit weights (int8-exact), or with 8-bit weights and products (int8); default as-trained.',
      ),
    device: z.enum(DEVICES).describe('Where to compute (default cpu).'),
    num_threads: count().describe('Threads on the CPU; left out: all available cores.'),
  },
} as const;

/** A value of each key, for who writes a file by hand: none of them is what is left out means. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  run: 'runs/first',
  paths: ['src'],
  include: ['src/**'],
  exclude: ['generated', 'third_party'],
  gitignore: false,
  include_minified: true,
  include_tests: true,
  include_generated: true,
  include_trivial: true,
  threshold: 0.5,
  blend: false,
  max_false_positives: '1/200',
  prevalence: 0.03,
  min_confidence: 0.2,
  baseline: '.vultune-baseline.json',
  nested: 'both',
  top: 50,
  fail_on: 'uncertain',
  format: 'sarif',
  out: 'vultune.sarif',
  frames: 5,
  lines: false,
  max_length: 512,
  cache: false,
  precision: 'int8',
  device: 'webgpu',
  num_threads: 4,
};

const schema = z
  .strictObject({
    ...SETTINGS_GROUPS['What is scanned, and with what'],
    ...SETTINGS_GROUPS['What is reported'],
    ...SETTINGS_GROUPS['How it is written'],
    ...SETTINGS_GROUPS.Engine,
  })
  .partial();

export const scanSettingsSchema = schema;
export type ScanSettings = Readonly<z.output<typeof schema>>;

let described: JsonSchema | undefined;

/** JSON Schema (draft 2020-12) of vultune.yaml. */
export function settingsJsonSchema(): JsonSchema {
  described ??= { ...jsonSchemaOf(schema), title: 'Vultune scan settings' } as JsonSchema;
  return described;
}

export interface SettingsKey {
  readonly key: string;
  readonly group: string;
  /** What it takes, in words. */
  readonly expected: string;
  readonly description: string;
  readonly example: unknown;
}

/** Every key, by topic. */
export function settingsKeys(): readonly SettingsKey[] {
  const { properties = {} } = settingsJsonSchema();
  return Object.entries(SETTINGS_GROUPS).flatMap(([group, keys]) =>
    Object.keys(keys).map((key) => ({
      key,
      group,
      expected: describeExpected(properties[key] ?? {}),
      description: properties[key]?.description ?? '',
      example: EXAMPLES[key],
    })),
  );
}
