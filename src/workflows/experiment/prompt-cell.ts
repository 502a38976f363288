/** @file A cell that asks a model instead of training it: what is asked for, and what of it names the cell. */
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import type { UnresolvedConfig } from '../../config/train-config.ts';
import type { ExperimentRow } from '../../experiments/experiment-table.ts';
import { readPrompt, shippedPrompts } from '../../prompting/prompt-file.ts';
import { runPaths } from '../../runs/run-folder.ts';
import type { WorkflowContext } from '../context.ts';
import { prompt } from '../prompt/prompt.ts';
import type { PromptOptions } from '../prompt/prompt-options.ts';
import { givenColumns } from '../train/inputs.ts';

export interface PromptCell {
  /** Without the run folder. */
  readonly asked: PromptOptions;
  /** All that the answers depend on besides the functions: the text of the prompt, not where it lies. */
  readonly keyed: Readonly<Record<string, unknown>>;
}

/** Keys that change what the base model computes, and that prompting does not have; with the value that changes nothing. */
const MODEL_KEYS = { keep_layers: null, load_in_8bit: false, load_in_4bit: false } as const;

/**
 * Undefined for a row that trains.
 * @param tableFile a prompt of one's own is looked for beside it, too
 * @throws VultuneError `EXPERIMENT_PROMPT_KEY`, `EXPERIMENT_PROMPT_TEST`; those of a prompt file
 */
export function promptCell(
  { name, prompt: reference, answer = 'odds', endpoint }: ExperimentRow,
  config: UnresolvedConfig,
  tableFile: string,
): PromptCell | undefined {
  if (reference === undefined) {
    const lone = endpoint === undefined ? (answer === 'text' ? 'answer' : undefined) : 'endpoint';
    if (lone === undefined) return undefined;
    throw keyError(name, lone, 'and no prompt', 'name one with prompt: pd-1, or leave the key out');
  }
  if (endpoint === undefined) requireWholeModel(name, config);
  const { base_model: model, revision, max_length, test_file, train_file, fields, device } = config;
  if (test_file === null) {
    throw new VultuneError(
      'EXPERIMENT_PROMPT_TEST',
      `the row ${JSON.stringify(name)} asks the model about the functions of test_file, and there is none`,
      { where: { file: tableFile, name: 'test_file' } },
    );
  }
  const file = promptFile(reference, tableFile);
  const maxLength = max_length === 'auto' ? undefined : max_length;
  return {
    asked: {
      model,
      revision: revision ?? undefined,
      prompt: file,
      answer,
      endpoint,
      data: test_file,
      train: train_file,
      fields: fields === null ? undefined : givenColumns(fields),
      maxLength,
      device,
      numThreads: config.num_threads ?? undefined,
    },
    keyed: {
      asked: { template: readPrompt(file), answer, endpoint: endpoint ?? null },
      base_model: model,
      revision,
      fields,
      device,
      max_length: maxLength ?? null,
    },
  };
}

function requireWholeModel(name: string, config: UnresolvedConfig): void {
  const changed = Object.entries(MODEL_KEYS).find(
    ([key, whole]) => config[key as keyof typeof MODEL_KEYS] !== whole,
  );
  if (changed === undefined) return;
  const [key, whole] = changed;
  throw keyError(
    name,
    key,
    'with a prompt, and a model that is asked is read whole',
    `set ${key}: ${String(whole)} in the row`,
  );
}

const keyError = (row: string, key: string, beside: string, hint: string) =>
  new VultuneError('EXPERIMENT_PROMPT_KEY', `the row ${JSON.stringify(row)} has ${key} ${beside}`, {
    where: { name: key },
    hint,
  });

function promptFile(reference: string, tableFile: string): string {
  if (shippedPrompts().includes(reference) || existsSync(reference)) return reference;
  const beside = join(dirname(tableFile), reference);
  return existsSync(beside) ? beside : reference;
}

/**
 * Asks, and leaves a run folder. Functions go to an endpoint only where that is allowed.
 * @throws VultuneError `PROMPT_ENDPOINT_NOT_ALLOWED`, and what `prompt` throws
 */
export async function runPromptCell(
  asked: PromptOptions,
  folder: string,
  allowEndpoint: boolean,
  context: WorkflowContext,
): Promise<void> {
  const { endpoint, model } = asked;
  if (endpoint !== undefined && !allowEndpoint) {
    throw new VultuneError(
      'PROMPT_ENDPOINT_NOT_ALLOWED',
      `the row asks ${model} at ${endpoint}: functions are sent there only where that is asked for`,
      { hint: 'Say so with --allow-endpoint.' },
    );
  }
  // What a kill left of the folder has no figures; the answers are kept elsewhere.
  const { record, finished } = runPaths(folder);
  if (existsSync(record) && !existsSync(finished)) rmSync(folder, { recursive: true, force: true });
  await prompt({ ...asked, out: folder }, context);
}
