/** @file Reads prompts: those that come with Vultune by their id, one's own by path. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VultuneError } from '../base/errors.ts';
import { readTextFile } from '../base/files.ts';
import { readYaml } from '../config/read-yaml.ts';
import { type PromptTemplate, parsePromptTemplate } from '../text/chat/prompt-template.ts';

const SHIPPED = fileURLToPath(new URL('../../data/prompts/', import.meta.url));
const MOST_BYTES = 1_000_000;

export const shippedPrompts = (): readonly string[] =>
  readdirSync(SHIPPED)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort();

/**
 * @param reference the id of a shipped prompt, or a path
 * @throws VultuneError PROMPT_UNKNOWN, PROMPT_INVALID, and what reading a file throws
 */
export function readPrompt(reference: string): PromptTemplate {
  const shipped = shippedPrompts();
  const file = shipped.includes(reference) ? join(SHIPPED, `${reference}.yaml`) : reference;
  if (!existsSync(file)) {
    throw new VultuneError('PROMPT_UNKNOWN', `there is no prompt ${reference}, and no such file`, {
      where: { name: '--prompt' },
      hint: `There are ${shipped.join(', ')}; or give the path of a YAML file of your own.`,
    });
  }
  const { value, faults } = readYaml(readTextFile(file, MOST_BYTES));
  if (faults.length === 0) return parsePromptTemplate(value, file);
  throw new VultuneError('PROMPT_INVALID', `not valid YAML: ${faults[0]!.message}`, { where: { file } });
}
