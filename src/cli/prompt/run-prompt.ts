/** @file `vultune prompt`: asks a model and prints the table of its answers, then its evaluation. */
import { VultuneError } from '../../base/errors.ts';
import { formatCount } from '../../base/numbers.ts';
import type { AnswerTable } from '../../prompting/answer-table.ts';
import { formatShard } from '../../shards/shard.ts';
import { prompt } from '../../workflows/prompt/prompt.ts';
import type {
  ExpectedCalls,
  PromptAnswered,
  PromptResult,
  PromptUsage,
} from '../../workflows/prompt/prompt-options.ts';
import { mergePrompts, promptShard } from '../../workflows/prompt/prompt-shards.ts';
import { answerJson } from '../../workflows/prompt/write-prompt-run.ts';
import type { PromptRequest } from '../commands/prompt.ts';
import type { CliContext } from '../context.ts';
import { harmless } from '../display/harmless-text.ts';
import { renderTable } from '../display/table.ts';
import type { Terminal } from '../display/terminal.ts';
import { reporting } from '../display/terminal-reporter.ts';
import { evaluationJson } from '../evaluate/evaluation-json.ts';
import { evaluationText } from '../evaluate/evaluation-text.ts';
import { requireShardOut } from '../options.ts';

export async function runPrompt(
  { json, timeout, endpoint: given, shard, merge, dryRun, ...asked }: PromptRequest,
  context: CliContext,
): Promise<void> {
  const { stdout, stderr } = context;
  const endpoint = given === true ? addressOf(context.env) : given;
  const options = { ...asked, endpoint, timeoutMs: timeout * 1000 };
  if ((shard !== undefined || merge !== undefined) && dryRun === true) {
    throw new VultuneError('CLI_USAGE', '--dry-run counts the calls of all functions, not those of a part', {
      hint: 'Leave out --shard and --merge, or --dry-run.',
    });
  }
  if (shard !== undefined) {
    const out = requireShardOut(shard, options.out);
    const { functions, asked: count } = await promptShard({ ...options, shard, out }, reporting(context));
    stderr.write(
      `shard ${formatShard(shard)}: ${formatCount(count)} answers of ${formatCount(functions)} in ${out}\n`,
    );
    return;
  }
  const result =
    merge === undefined
      ? await prompt({ ...options, dryRun }, reporting(context))
      : await mergePrompts({ ...options, merge }, reporting(context));
  const { answered, expected } = result;
  if (json) {
    stdout.write(`${JSON.stringify(resultJson(result), null, 2)}\n`);
    return;
  }
  if (answered === undefined) {
    stdout.write(`${expected === undefined ? '' : expectedText(expected)}\n`);
    return;
  }
  stdout.write(answersText(result, answered, stdout));
  stdout.write(`\n${evaluationText(answered.evaluation, { slices: false }, stdout)}`);
  if (answered.usage !== undefined) stderr.write(`${usageText(answered.usage)}\n`);
  if (options.out !== undefined) {
    const unread =
      answered.table.unclassified > 0 ? `; answers to read: ${options.out}/unclassified.csv` : '';
    stderr.write(`run: ${options.out}${unread}\n`);
  }
}

function addressOf(env: CliContext['env']): string {
  const address = env.OPENAI_BASE_URL;
  if (address) return address;
  throw new VultuneError('ENDPOINT_URL', '--endpoint has no address, and OPENAI_BASE_URL is not set', {
    where: { name: '--endpoint' },
    hint: 'For example --endpoint http://localhost:8080/v1.',
  });
}

const figure = (value: number | undefined) => value?.toFixed(3) ?? '–';

function answersText(
  { settings }: PromptResult,
  { table, labelled, seconds }: PromptAnswered,
  terminal: Terminal,
): string {
  const right = { align: 'right' } as const;
  const rows = renderTable(
    [
      { heading: 'model' },
      { heading: 'prompt' },
      { heading: 'unclassified', ...right },
      { heading: 'precision', ...right },
      { heading: 'recall', ...right },
      { heading: 'F1', ...right },
    ],
    [
      [
        harmless(shortName(settings.model)),
        settings.template.id,
        `${table.unclassified} of ${table.functions}`,
        figure(table.precision),
        figure(table.recall),
        figure(table.f1),
      ],
    ],
    terminal,
  );
  return `${rows}${[...answerNotes(table, labelled), `${seconds.toFixed(1)} s`].map((note) => `${terminal.colors.muted(note)}\n`).join('')}`;
}

const shortName = (model: string) => model.split(/[\\/]/).slice(-2).join('/');

function answerNotes(table: AnswerTable, labelled: number): string[] {
  const { yes, no, unclassified, outside, truncated, functions } = table;
  return [
    `answers: ${yes} yes, ${no} no, ${unclassified} neither, which flag nothing`,
    ...(labelled === 0 ? [] : [`${labelled} of them as labelled by hand`]),
    ...(outside === undefined
      ? []
      : [
          `first tokens that are neither yes nor no: ${(100 * outside.mean).toFixed(1)} % of the probability on average, more than half of it for ${outside.most} of ${outside.answers}`,
        ]),
    ...(truncated === 0 ? [] : [`${truncated} of ${functions} functions were cut so that the prompt fits`]),
  ];
}

function expectedText({
  calls,
  cached,
  promptTokens,
  completionTokens,
  counted,
  cost,
}: ExpectedCalls): string {
  const price = cost === undefined ? '' : `; at most ${cost.amount.toFixed(4)} ${cost.currency}`;
  return (
    `${formatCount(calls)} calls (${formatCount(cached)} answers are kept): ${formatCount(promptTokens)} tokens of prompts, ` +
    `at most ${formatCount(completionTokens)} of answers, ${counted}${price}`
  );
}

function usageText({ calls, cached, own, said, disbelieved, counted, cost }: PromptUsage): string {
  const price = cost === undefined ? '' : `; ${cost.amount.toFixed(4)} ${cost.currency}`;
  const server =
    said.calls === 0
      ? 'the server says nothing that can be true'
      : `${formatCount(said.prompt)} + ${formatCount(said.completion)} as reported by the server for ${formatCount(said.calls)} calls`;
  const lies = disbelieved === 0 ? '' : `; not believed or missing for ${formatCount(disbelieved)} calls`;
  return (
    `${formatCount(calls)} calls, ${formatCount(cached)} answers from the cache; tokens: ` +
    `${formatCount(own.prompt)} + ${formatCount(own.completion)} (${counted}), ${server}${lies}${price}`
  );
}

function resultJson({ settings, expected, answered }: PromptResult): Record<string, unknown> {
  const before = expected && {
    calls: expected.calls,
    cached: expected.cached,
    prompt_tokens: expected.promptTokens,
    completion_tokens: expected.completionTokens,
    counted: expected.counted,
    cost: expected.cost ?? null,
  };
  if (answered === undefined) return { expected: before ?? null };
  return {
    answers: answerJson(settings, answered.table),
    labelled: answered.labelled,
    expected: before ?? null,
    usage: answered.usage ?? null,
    seconds: answered.seconds,
    ...evaluationJson(answered.evaluation),
  };
}
