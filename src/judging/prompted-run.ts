/**
 * @file prompt.json in a run folder: a model that is asked, with all that its answers depend on. What a run folder of
 * `vultune prompt` has where a trained one has an adapter. Never holds the key of an API.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile, writeFileAtomic } from '../base/files.ts';
import { checkJson } from '../schema/check-value.ts';
import { z } from '../schema/zod.ts';
import { parsePromptTemplate, promptTemplateSchema } from '../text/chat/prompt-template.ts';

export const PROMPT_FILE = 'prompt.json';
const MOST_BYTES = 10_000_000;

const promptedSettings = z.strictObject({
  formatVersion: z.literal(1),
  /** A reference to a model on this machine or a hub, an absolute path, or a model's name at the endpoint. */
  model: z.string().min(1).max(10_000),
  revision: z.string().min(1).optional(),
  /** Missing for a model that runs here. */
  endpoint: z.url().max(10_000).optional(),
  template: promptTemplateSchema,
  answer: z.enum(['odds', 'text']),
  maxLength: z.int().positive().optional(),
  maxNewTokens: z.int().positive(),
  /** From this score on a function is flagged. */
  threshold: z.number().min(0).max(1),
  /** What tells the model from others; missing for an endpoint, whose models may change under one name. */
  modelIdentity: z.string().optional(),
});

export type PromptedSettings = z.output<typeof promptedSettings>;

export interface PromptedRun {
  readonly folder: string;
  readonly prompted: PromptedSettings;
  /** One name for all that the scores depend on besides the functions. */
  readonly identity: string;
}

export const isPromptedRun = (folder: string): boolean => existsSync(join(folder, PROMPT_FILE));

/**
 * Undefined for a folder without prompt.json.
 * @param maxLength tokens of prompt and function together that are read, instead of the run's own
 * @throws VultuneError PROMPT_RUN_BROKEN, PROMPT_INVALID
 */
export function readPromptedRun(folder: string, maxLength?: number): PromptedRun | undefined {
  if (!isPromptedRun(folder)) return undefined;
  const file = join(folder, PROMPT_FILE);
  const stored = checkJson(promptedSettings, readTextFile(file, MOST_BYTES), {
    code: 'PROMPT_RUN_BROKEN',
    file,
    hint: 'the file is written by `vultune prompt`: was it edited?',
  });
  parsePromptTemplate(stored.template, file);
  const prompted = maxLength === undefined ? stored : { ...stored, maxLength };
  return { folder, prompted, identity: promptedIdentity(prompted) };
}

export function writePromptedRun(folder: string, prompted: PromptedSettings): PromptedRun {
  writeFileAtomic(join(folder, PROMPT_FILE), `${JSON.stringify(prompted, null, 2)}\n`);
  return { folder, prompted, identity: promptedIdentity(prompted) };
}

/** Where the model lies is not in it where it is known by what it is; the threshold moves no score. */
function promptedIdentity({ model, revision, ...settings }: PromptedSettings): string {
  const scoring = { ...settings, threshold: undefined };
  const named = scoring.modelIdentity === undefined ? [model, revision ?? null] : null;
  return createHash('sha256')
    .update(JSON.stringify(['prompted/v1', named, scoring]))
    .digest('hex');
}
