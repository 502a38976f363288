/** @file `vultune generate`: the answer on standard output as it is made, how long it took on standard error. */
import { formatCount } from '../../base/numbers.ts';
import { type GeneratedText, generate } from '../../workflows/generate/generate.ts';
import type { GenerateRequest } from '../commands/generate.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { stopWithoutReader } from '../output-closed.ts';

export async function runGenerate({ json, ...options }: GenerateRequest, context: CliContext): Promise<void> {
  const { stdout, stderr } = context;
  // The answer of a model is as untrusted as a file: on a screen it must not move the cursor.
  const shown = (text: string) =>
    stdout.stream.isTTY === true ? text.split('\n').map(harmless).join('\n') : text;
  const onText = (text: string) => {
    stdout.write(shown(text));
    stopWithoutReader(stdout);
  };
  const answer = await generate(json ? options : { ...options, onText }, reporting(context));
  const { text, ids, finish, promptTokens } = answer;
  stdout.write(json ? `${JSON.stringify({ text, ids, finish, prompt_tokens: promptTokens })}\n` : '\n');
  stderr.write(`${summary(answer)}\n`);
}

const ENDS = {
  end: 'the model ended it',
  stop: 'ended by a stop string',
  length: 'cut at the most tokens',
} as const;

function summary({ ids, finish, promptTokens, firstTokenMs, tokensPerSecond }: GeneratedText): string {
  const speed = tokensPerSecond === undefined ? '' : `, then ${tokensPerSecond.toFixed(1)} tokens/s`;
  return (
    `${formatCount(ids.length)} tokens after ${formatCount(promptTokens)} of the prompt (${ENDS[finish]}); ` +
    `first after ${(firstTokenMs / 1000).toFixed(2)} s${speed}`
  );
}
