/** @file The steps of asking a model about labelled functions, whole or in shards: reading, opening, asking, measuring. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import { formatCount } from '../../base/numbers.ts';
import type { Columns } from '../../dataset/formats/field-mapping.ts';
import { readLabelledDataset } from '../../dataset/formats/read-dataset.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import type { PromptedSettings } from '../../judging/prompted-run.ts';
import { answerTable } from '../../prompting/answer-table.ts';
import type { EndpointPrompter } from '../../prompting/endpoint/endpoint-prompter.ts';
import { type ModelPrice, priceOf, readPrice, Spending } from '../../prompting/endpoint/spending.ts';
import { estimatedTokens, type OwnTokenCount } from '../../prompting/endpoint/token-usage.ts';
import { PROMPT_THRESHOLD, type PromptAnswer, type Prompter } from '../../prompting/prompt-answer.ts';
import { readPrompt } from '../../prompting/prompt-file.ts';
import type { WorkflowContext } from '../context.ts';
import { openDataFile } from '../open/open-data-file.ts';
import { openAnswerCache, openEndpointPrompter, openLocalPrompter } from '../open/open-prompted.ts';
import { tokenCounter } from '../open/token-counter.ts';
import { reportReading } from '../reading-notes.ts';
import { withScoringProgress } from '../scoring-progress.ts';
import { readHandLabels, withHandLabels } from './hand-labels.ts';
import type { ExpectedCalls, PromptAnswered, PromptOptions } from './prompt-options.ts';
import { type PromptRunParts, writePromptRun } from './write-prompt-run.ts';

const NEW_TOKENS = { odds: 16, text: 128 } as const;

export interface Asking {
  readonly prompter: Prompter;
  readonly settings: PromptedSettings;
  /** Undefined for a model that runs here. */
  readonly endpoint:
    | {
        readonly prompter: EndpointPrompter;
        readonly expected: ExpectedCalls;
        readonly spending: Spending;
        readonly price: ModelPrice | undefined;
      }
    | undefined;
}

/** What is asked, about which functions. */
export interface Questions {
  readonly settings: PromptedSettings;
  readonly labels: ReadonlyMap<string, 'yes' | 'no'> | undefined;
  /** The file of the functions. */
  readonly path: string;
  readonly records: readonly LabelledRecord[];
  readonly isWhole: boolean;
  readonly fields: Columns | undefined;
}

/** Reads prompt, data and labels; opens no model. Throws as `prompt`. */
export async function readQuestions(options: PromptOptions, context: WorkflowContext): Promise<Questions> {
  const template = readPrompt(options.prompt);
  const labels = options.labels === undefined ? undefined : await readHandLabels(options.labels);
  const path = await openDataFile(options.data, context);
  const read = await readLabelledDataset(path, { fields: options.fields });
  reportReading(path, read, context.report);
  const records = options.limit === undefined ? read.records : read.records.slice(0, options.limit);
  const answer = options.answer ?? 'odds';
  const settings: PromptedSettings = {
    formatVersion: 1,
    // A path is another one from another folder.
    model:
      options.endpoint === undefined && existsSync(options.model) ? resolve(options.model) : options.model,
    ...(options.revision === undefined ? {} : { revision: options.revision }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    template,
    answer,
    ...(options.maxLength === undefined ? {} : { maxLength: options.maxLength }),
    maxNewTokens: options.maxNewTokens ?? NEW_TOKENS[answer],
    threshold: PROMPT_THRESHOLD,
  };
  return {
    settings,
    labels,
    path,
    records,
    isWhole: records.length === read.records.length,
    fields: read.columns,
  };
}

export async function answersOf(
  prompter: Prompter,
  records: readonly LabelledRecord[],
  { report, signal }: WorkflowContext,
): Promise<PromptAnswer[]> {
  const codes = records.map(({ code }) => code);
  return await withScoringProgress('asking', codes.length, report, (onProgress) =>
    prompter.ask(codes, { signal, onProgress: ({ functions }) => onProgress(functions) }),
  );
}

/** The table and the evaluation of answers, in the run folder that `out` names. */
export async function judgeAnswers(
  { labels, ...questions }: Questions,
  found: readonly PromptAnswer[],
  options: PromptOptions,
  context: WorkflowContext,
): Promise<Pick<PromptAnswered, 'table' | 'labelled' | 'evaluation'>> {
  const { records } = questions;
  const answers = labels === undefined ? found : withHandLabels(records, found, labels);
  const labelled = answers.filter((one, row) => one !== found[row]).length;
  const table = answerTable(
    answers,
    records.map(({ target }) => target),
  );
  return { table, labelled, evaluation: await measured({ ...questions, options, answers, table }, context) };
}

/** Opens the model here, or the endpoint, and says what asking about these functions takes. */
export async function openAsked(
  settings: PromptedSettings,
  options: PromptOptions,
  records: readonly LabelledRecord[],
  context: WorkflowContext,
): Promise<Asking> {
  const { report } = context;
  const cache = openAnswerCache(options.cache !== false, context);
  if (options.endpoint === undefined) {
    refuseEndpointOptions(options);
    report.note(`asking about ${formatCount(records.length)} functions`);
    const { prompter, identity } = await openLocalPrompter(settings, options, cache, context);
    report.note(
      prompter.hasTemplate
        ? "the prompt goes through the model's chat template"
        : 'the model has no chat template: the prompt is plain text that ends with "Answer:"',
    );
    return { prompter, settings: { ...settings, modelIdentity: identity }, endpoint: undefined };
  }
  const price = options.prices === undefined ? undefined : readPrice(options.prices, options.model);
  if (options.maxCost !== undefined && price === undefined) {
    throw new VultuneError('PRICES_INVALID', '--max-cost is given without prices', {
      where: { name: '--max-cost' },
      hint: 'Give the prices of the model with --prices FILE.',
    });
  }
  const count = await ownCount(options, context);
  const spending = new Spending(price, options.maxCost);
  const prompter = openEndpointPrompter(settings, { ...options, count, spending }, cache, context);
  const expected = expectedCalls(prompter, records, count, price);
  report.note(`functions are sent to ${options.endpoint} (${options.model}): ${expected.calls} calls`);
  if (expected.cached > 0) {
    report.note(
      `${expected.cached} answers of ${options.model} come from the cache: if the name now stands for another model, use --no-cache`,
    );
  }
  if (
    expected.cost !== undefined &&
    options.maxCost !== undefined &&
    expected.cost.amount > options.maxCost
  ) {
    report.warn(
      `these calls may cost ${expected.cost.amount.toFixed(4)} ${expected.cost.currency}, more than --max-cost ${options.maxCost}: calls stop there`,
    );
  }
  return { prompter, settings, endpoint: { prompter, expected, spending, price } };
}

/** Options of an endpoint without one are a mistake that would go unnoticed. */
function refuseEndpointOptions({ prices, maxCost, dryRun }: PromptOptions): void {
  const given = [
    ['--prices', prices],
    ['--max-cost', maxCost],
    ['--dry-run', dryRun],
  ].find(([, value]) => value !== undefined && value !== false);
  if (given === undefined) return;
  throw new VultuneError('PROMPT_OPTION', `${String(given[0])} needs --endpoint, and none is given`, {
    where: { name: String(given[0]) },
    hint: 'Give its address with --endpoint URL; a model on this machine costs nothing.',
  });
}

async function ownCount({ tokenizer }: PromptOptions, context: WorkflowContext): Promise<OwnTokenCount> {
  if (tokenizer === undefined) return estimatedTokens;
  const { name, countTokens } = await tokenCounter(tokenizer, undefined, context);
  return { count: countTokens, how: `by the tokenizer of ${name}`, isEstimate: false };
}

function expectedCalls(
  prompter: EndpointPrompter,
  records: readonly LabelledRecord[],
  { how }: OwnTokenCount,
  price: ModelPrice | undefined,
): ExpectedCalls {
  const asked = records.filter(({ code }) => !prompter.isKept(code));
  const total = { prompt: 0, completion: 0 };
  for (const { code } of asked) {
    const { prompt: tokens, completion } = prompter.expected(code);
    total.prompt += tokens;
    total.completion += completion;
  }
  return {
    calls: asked.length,
    cached: records.length - asked.length,
    promptTokens: total.prompt,
    completionTokens: total.completion,
    counted: how,
    cost: price && { amount: priceOf(total, price), currency: price.currency },
  };
}

/** Evaluation reads a run folder: the user's, or one that is removed again. */
async function measured(what: PromptRunParts, context: WorkflowContext) {
  const { out } = what.options;
  if (out !== undefined) return await writePromptRun(out, what, context);
  const folder = mkdtempSync(join(tmpdir(), 'vultune-prompt-'));
  try {
    return await writePromptRun(join(folder, 'run'), what, context);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
