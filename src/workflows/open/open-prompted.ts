/** @file Gets a model behind a prompt: one that runs here, or a server, which is asked only where the user says so. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { adapterWeightsFile } from '../../adapters/files/adapter-files.ts';
import { VultuneError } from '../../base/errors.ts';
import { hashFile } from '../../base/hash-file.ts';
import { vultuneCacheDir } from '../../checkpoint/sources/package-cache.ts';
import type { Generator } from '../../generation/generator.ts';
import { locateAdapter } from '../../judging/locate-adapter.ts';
import type { PromptedRun, PromptedSettings } from '../../judging/prompted-run.ts';
import { type AnswerCache, fileAnswerCache, memoryAnswerCache } from '../../prompting/answer-cache.ts';
import { parseEndpoint } from '../../prompting/endpoint/chat-client.ts';
import { EndpointPrompter } from '../../prompting/endpoint/endpoint-prompter.ts';
import { Spending } from '../../prompting/endpoint/spending.ts';
import { estimatedTokens, type OwnTokenCount } from '../../prompting/endpoint/token-usage.ts';
import { LocalPrompter } from '../../prompting/local-prompter.ts';
import { PromptedJudge } from '../../prompting/prompted-judge.ts';
import type { WorkflowContext } from '../context.ts';
import { openGenerator } from '../generate/open-generator.ts';
import type { DeviceOptions } from './open-detector.ts';

export interface EndpointOptions {
  /** Requests at a time at most. Default: 4. */
  readonly jobs?: number | undefined;
  /** Bounds one request. Default: 120 000. */
  readonly timeoutMs?: number | undefined;
  readonly count?: OwnTokenCount | undefined;
  readonly spending?: Spending | undefined;
  /** Instead of waiting between attempts. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

export interface OpenPromptedOptions extends DeviceOptions {
  /** Use and keep answers of before; default: true. */
  readonly cache?: boolean | undefined;
  /** Send functions to the endpoint of a run. Default: false. */
  readonly allowEndpoint?: boolean | undefined;
}

/** Where answers are kept, beside what scans keep. */
export const answerCacheFolder = () => join(vultuneCacheDir(undefined), 'answers');

export function openAnswerCache(isWanted: boolean, { report }: WorkflowContext): AnswerCache {
  if (!isWanted) return memoryAnswerCache();
  return fileAnswerCache(answerCacheFolder(), (cause) => {
    report.warn(`answers are not kept: ${cause instanceof Error ? cause.message : String(cause)}`);
  });
}

/** The only place where the key of an API comes from. */
const keyOfEnvironment = (): string | undefined => process.env.OPENAI_API_KEY || undefined;

type Asked = Omit<PromptedSettings, 'formatVersion' | 'threshold' | 'modelIdentity'>;

export function openEndpointPrompter(
  { endpoint, ...asked }: Asked,
  { jobs = 4, timeoutMs = 120_000, count = estimatedTokens, spending, sleep }: EndpointOptions,
  cache: AnswerCache,
  { report }: WorkflowContext,
): EndpointPrompter {
  const url = parseEndpoint(endpoint!);
  const apiKey = keyOfEnvironment();
  const isOwn = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol === 'http:' && !isOwn) {
    report.warn(
      `the connection to ${url.host} is not encrypted: functions${apiKey === undefined ? '' : ', and the key,'} can be read in transit`,
    );
  }
  return new EndpointPrompter({
    ...asked,
    baseUrl: url.href.replace(/\/$/, ''),
    apiKey,
    jobs,
    timeoutMs,
    cache,
    count,
    spending: spending ?? new Spending(undefined, undefined),
    note: (text) => report.note(text),
    sleep,
  });
}

export interface OpenLocal {
  readonly prompter: LocalPrompter;
  readonly generator: Generator;
  readonly identity: string;
}

export async function openLocalPrompter(
  { model, revision, template, answer, maxLength, maxNewTokens }: Asked,
  device: DeviceOptions,
  cache: AnswerCache,
  context: WorkflowContext,
): Promise<OpenLocal> {
  const generator = await openGenerator(model, { ...device, revision }, context);
  try {
    const identity = await identityOf(generator, model);
    const options = { template, answer, maxLength, maxNewTokens, cache, identity };
    const prompter = new LocalPrompter(generator, options);
    return { prompter, generator, identity };
  } catch (error) {
    await generator.close();
    throw error;
  }
}

/** Base model, and the adapter of a run. */
async function identityOf(generator: Generator, reference: string): Promise<string> {
  const isRun = ['run.json', 'adapter_config.json', join('adapter', 'adapter_config.json')].some((name) =>
    existsSync(join(reference, name)),
  );
  const adapter = isRun ? (await hashFile(adapterWeightsFile(locateAdapter(reference).folder))).sha256 : null;
  return createHash('sha256')
    .update(JSON.stringify([generator.identity, adapter]))
    .digest('hex');
}

/** @throws VultuneError PROMPT_ENDPOINT_NOT_ALLOWED for a run whose functions are sent somewhere */
export function requireLocal({ folder, prompted }: Pick<PromptedRun, 'folder' | 'prompted'>): void {
  const { model, endpoint } = prompted;
  if (endpoint === undefined) return;
  throw new VultuneError(
    'PROMPT_ENDPOINT_NOT_ALLOWED',
    `this run's model is ${model} at ${endpoint}: functions are sent there only where that is asked for`,
    {
      where: { file: folder },
      hint: 'Say so with --allow-endpoint (scan, predict), or ask with vultune prompt.',
    },
  );
}

/**
 * The judge of a run folder of `vultune prompt`.
 * @throws VultuneError PROMPT_ENDPOINT_NOT_ALLOWED, PROMPT_MODEL_CHANGED, and what opening a model throws
 */
export async function openPromptedJudge(
  { folder, prompted }: PromptedRun,
  { cache = true, allowEndpoint = false, ...device }: OpenPromptedOptions,
  context: WorkflowContext,
): Promise<PromptedJudge> {
  const answers = openAnswerCache(cache, context);
  const { endpoint, threshold, modelIdentity } = prompted;
  if (endpoint !== undefined) {
    if (!allowEndpoint) requireLocal({ folder, prompted });
    context.report.note(`functions are sent to ${endpoint} (${prompted.model})`);
    return new PromptedJudge(openEndpointPrompter(prompted, {}, answers, context), threshold);
  }
  const { prompter, identity } = await openLocalPrompter(prompted, device, answers, context);
  if (modelIdentity !== undefined && identity !== modelIdentity) {
    await prompter.close();
    throw new VultuneError('PROMPT_MODEL_CHANGED', `${prompted.model} is not the model that this run asked`, {
      where: { file: folder },
      hint: 'Another revision, or another quantisation? Ask it anew with vultune prompt.',
    });
  }
  return new PromptedJudge(prompter, threshold);
}
