/**
 * @file A model asked in shards. Functions are divided by those that one call asks about together, so that joined answers are those of
 * one process to the last bit. A part holds answers with the rows of their functions; tables, labels and figures are the merge's.
 */
import { basename, isAbsolute } from 'node:path';
import { VultuneError } from '../../base/errors.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import { ANSWER_CLASSES } from '../../prompting/classify-answer.ts';
import { FUNCTIONS_PER_CALL } from '../../prompting/local-prompter.ts';
import type { PromptAnswer } from '../../prompting/prompt-answer.ts';
import { z } from '../../schema/zod.ts';
import { digestLines } from '../../shards/inputs-digest.ts';
import { joinItems } from '../../shards/join-items.ts';
import { ownsTurn, type Shard } from '../../shards/shard.ts';
import { readShard, type ShardFile, type ShardIdentity, ShardWriter } from '../../shards/shard-file.ts';
import { readShards } from '../../shards/shard-set.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { packageVersions } from '../package-versions.ts';
import { answersOf, judgeAnswers, openAsked, type Questions, readQuestions } from './asking.ts';
import type { PromptOptions, PromptResult } from './prompt-options.ts';

export interface PromptShardOptions extends Omit<PromptOptions, 'dryRun'> {
  readonly shard: Shard;
  /** The part to write. */
  readonly out: string;
}

export interface MergePromptsOptions extends Omit<PromptOptions, 'dryRun'> {
  /** The parts of all shards. */
  readonly merge: readonly string[];
}

export interface PromptShardResult {
  readonly functions: number;
  readonly asked: number;
}

/**
 * Asks about one shard's share of the functions, into a part. Stopped, it writes none; answers that came are kept.
 * @throws VultuneError as `prompt`
 */
export async function promptShard(
  { shard, out, ...options }: PromptShardOptions,
  given?: Partial<WorkflowContext>,
): Promise<PromptShardResult> {
  const context = workflowContext(given);
  const startedAt = new Date();
  const questions = await readQuestions(options, context);
  const { records } = questions;
  const rows = [...records.keys()].filter((row) => ownsTurn(shard, callOf(row)));
  const own = rows.map((row) => records[row]!);
  const { prompter, settings } = await openAsked(questions.settings, options, own, context);
  try {
    const identity = identityOf({ ...questions, settings }, options);
    const writer = new ShardWriter(out, { kind: 'prompt', shard, identity, startedAt });
    try {
      const answers = await answersOf(prompter, own, context);
      for (const [i, answer] of answers.entries()) writer.add({ at: rows[i]!, answer });
      writer.commit(inputsDigest(records));
    } finally {
      writer.discard();
    }
  } finally {
    await prompter.close();
  }
  return { functions: records.length, asked: rows.length };
}

/**
 * The answers of all shards, measured as those of one process are; the data is read again, the model is not opened.
 * @throws VultuneError `SHARD_BROKEN`, `SHARD_SET`; as `prompt` for data, labels and evaluation
 */
export async function mergePrompts(
  { merge, ...options }: MergePromptsOptions,
  given?: Partial<WorkflowContext>,
): Promise<PromptResult> {
  const context = workflowContext(given);
  const startedMs = performance.now();
  const questions = await readQuestions(options, context);
  const settings = withIdentity(questions.settings, merge[0]);
  const identity = identityOf({ ...questions, settings }, options);
  const parts = readShards(merge, { kind: 'prompt', identity });
  if (parts[0]!.inputs !== inputsDigest(questions.records)) {
    throw new VultuneError('SHARD_SET', 'the parts were made from other functions than those of --data', {
      where: { file: options.data },
      hint: 'give the data and the --limit that the shards read, as they were',
    });
  }
  const answers = joinAnswers(parts, questions.records.length);
  const judged = await judgeAnswers({ ...questions, settings }, answers, options, context);
  const seconds = (performance.now() - startedMs) / 1000;
  return { settings, expected: undefined, answered: { ...judged, usage: undefined, seconds } };
}

/** The call that asks about a function, counted from 0. */
function callOf(row: number): number {
  return Math.floor(row / FUNCTIONS_PER_CALL);
}

const WEIGHTS = "the model's weights";

/** Only a process that opens the model knows its weights: the first part says what they are, and all others are held to it. */
function withIdentity(settings: Questions['settings'], part: string | undefined): Questions['settings'] {
  if (settings.endpoint !== undefined || part === undefined) return settings;
  const modelIdentity = readShard(part).identity[WEIGHTS];
  return modelIdentity === undefined ? settings : { ...settings, modelIdentity };
}

/** Machines keep the same model in different folders, so a path counts by its last name. */
function identityOf(
  { settings: { template, answer, maxLength, maxNewTokens, modelIdentity, endpoint, model } }: Questions,
  { device, revision }: Pick<PromptOptions, 'device' | 'revision'>,
): ShardIdentity {
  return {
    version: packageVersions().vultune!,
    MODEL: endpoint === undefined && isAbsolute(model) ? basename(model) : model,
    [WEIGHTS]: modelIdentity ?? 'unknown',
    '--revision': revision ?? 'none',
    '--endpoint': endpoint ?? 'none',
    'the prompt': digestLines([JSON.stringify(template)]),
    '--answer': answer,
    '--max-length': String(maxLength ?? 'none'),
    '--max-new-tokens': String(maxNewTokens),
    '--device': device ?? 'cpu',
  };
}

const share = z.number().min(0).max(1);

/** Strict: what a part holds is written out again. */
const item = z.strictObject({
  at: z.int().min(0),
  answer: z.strictObject({
    answer: z.enum(ANSWER_CLASSES),
    score: share,
    outside: share.optional(),
    text: z.string().max(1_000_000).optional(),
    truncated: z.boolean(),
  }),
});

/** In the order of the functions. @throws VultuneError `SHARD_BROKEN` for one that is missing, twice, or of no function. */
function joinAnswers(parts: readonly ShardFile[], functions: number): readonly PromptAnswer[] {
  return joinItems(parts, {
    schema: item,
    count: functions,
    valueIn: ({ answer }) => answer,
    unexpected: (at) => ({
      message: `the answer about function ${at + 1} of ${functions} is duplicated, or belongs to no function`,
      hint: 'name each part once, all of the same data',
    }),
    missing: (at) => ({
      message: `no part has the answer about function ${at + 1} of ${functions}`,
      hint: 'make the parts again with the data and the --limit as they are',
    }),
  });
}

const inputsDigest = (records: readonly LabelledRecord[]): string =>
  digestLines(records.map(({ id, code, target }) => JSON.stringify([id, code, target])));
