/** @file Asks a model about labelled functions, and measures its answers as every detector is measured. */
import { checkRunFolderFree } from '../../runs/run-folder.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { type Asking, answersOf, judgeAnswers, openAsked, readQuestions } from './asking.ts';
import type { PromptOptions, PromptResult, PromptUsage } from './prompt-options.ts';

/**
 * @throws VultuneError PROMPT_UNKNOWN, PROMPT_INVALID, PROMPT_TOO_LONG, PROMPT_ANSWER_TOKENS, PROMPT_LABELS, RUN_EXISTS; ENDPOINT_URL,
 * ENDPOINT_FAILED, PRICES_INVALID, PROMPT_COST_REACHED; those of data files, models and evaluation; the signal's reason
 */
export async function prompt(
  options: PromptOptions,
  given?: Partial<WorkflowContext>,
): Promise<PromptResult> {
  const context = workflowContext(given);
  if (options.out !== undefined) checkRunFolderFree(options.out);
  const questions = await readQuestions(options, context);
  const { records } = questions;
  const { prompter, settings, endpoint } = await openAsked(questions.settings, options, records, context);
  try {
    if (options.dryRun === true) return { settings, expected: endpoint?.expected, answered: undefined };
    const startedMs = performance.now();
    const found = await answersOf(prompter, records, context);
    const seconds = (performance.now() - startedMs) / 1000;
    const usage = endpoint && usageOf(endpoint);
    const judged = await judgeAnswers({ ...questions, settings }, found, options, context);
    return { settings, expected: endpoint?.expected, answered: { ...judged, usage, seconds } };
  } finally {
    await prompter.close();
  }
}

function usageOf({ prompter, price, spending, expected }: NonNullable<Asking['endpoint']>): PromptUsage {
  const cost = price && { amount: spending.spent, currency: price.currency };
  return { ...prompter.usage, counted: expected.counted, cost };
}
