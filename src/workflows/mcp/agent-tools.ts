/** @file The tools that `mcp` offers: a file scanned, functions scored, lines explained, another scanner's findings ranked. All of them only read. */

import { VultuneError } from '../../base/errors.ts';
import { linesOf } from '../../explain/line-scores.ts';
import { describeWorth } from '../../judging/model-worth.ts';
import { type AgentTool, agentTool } from '../../mcp/agent-tool.ts';
import { fileInWorkspace, pathInWorkspace } from '../../mcp/workspace.ts';
import { bandOf } from '../../scan/bands.ts';
import { isPast } from '../../scan/expiry.ts';
import type { FileOutline, FunctionOutline, Suppression } from '../../scan/finding.ts';
import { NOTICED } from '../../scan/output/describe.ts';
import type { ScannedFunction } from '../../scan/scan-files.ts';
import { Notices } from '../../scan/walk/notices.ts';
import type { SourceFile } from '../../scan/walk/walk-tree.ts';
import { z } from '../../schema/zod.ts';
import { languageOfPath } from '../../source/languages.ts';
import { readSarif } from '../../triage/read-sarif.ts';
import { fileFunctions, regionFunctions } from '../../triage/region-functions.ts';
import { triageJson } from '../../triage/triage-json.ts';
import type { WorkflowContext } from '../context.ts';
import { type Scoring, scoreFiles } from '../triage/scoring.ts';
import { triageLog } from '../triage/triage.ts';
import { LIMITS } from './mcp-options.ts';

export interface AgentToolsOptions {
  readonly scoring: Scoring;
  /** As the user named it. */
  readonly run: string;
  /** Real. */
  readonly root: string;
  readonly context: WorkflowContext;
}

export function agentTools(options: AgentToolsOptions): readonly AgentTool[] {
  return [scanFile(options), scoreFunctions(options), explainLines(options), triageSarif(options)];
}

const path = z
  .string()
  .min(1)
  .max(LIMITS.pathCharacters)
  .describe('path relative to the root of the workspace');
const top = z
  .int()
  .min(1)
  .max(LIMITS.shown)
  .default(20)
  .describe('entries of the answer at most, the highest-scoring ones');

const LINE_SCORES: { readonly [K in Scoring['kind']]: string } = {
  'a fine-tuned model': 'gradient x input for "vulnerable" over the tokens of each line',
  'a prompted model':
    'how far the log odds of "vulnerable" fall when the line is left empty (slow: one pass a line)',
};

/** Said with every answer: a score is worth what its model was measured to be. */
export function modelFacts({ scoring, run }: Pick<AgentToolsOptions, 'scoring' | 'run'>) {
  const { scale, model } = scoring;
  return {
    run,
    adapter: model.adapterFingerprint,
    threshold: scale.threshold,
    thresholdSource: scale.source,
    worth: describeWorth(scale.measured),
    ...(scale.blend === undefined ? {} : { blend: scale.blend }),
    cautions: scale.cautions,
  };
}

function scanFile(options: AgentToolsOptions): AgentTool {
  const { scoring, root } = options;
  return agentTool({
    name: 'scan_file',
    title: 'Scan a source file',
    description:
      `Scores every function of one source file with ${scoring.kind}: the probability that it is vulnerable, judged by its text ` +
      'alone. Code outside functions is not judged.',
    input: z.strictObject({ path, top }),
    run: async (input, signal) => {
      const file = sourceFile(root, input.path);
      const { functions, noticed } = await scored(file, options, signal);
      return {
        model: modelFacts(options),
        file: pathInWorkspace(root, file.path),
        functions: functions.slice(0, input.top).map((one) => functionJson(one, scoring)),
        functionsScored: functions.length,
        notes: noticed,
      };
    },
  });
}

function scoreFunctions(options: AgentToolsOptions): AgentTool {
  const { scoring } = options;
  const code = z.string().min(1).max(LIMITS.codeCharacters).describe('the whole text of one function');
  return agentTool({
    name: 'score_functions',
    title: 'Score functions',
    description: `Scores functions given as text with ${scoring.kind}: the probability that each is vulnerable.`,
    input: z.strictObject({
      functions: z
        .array(
          z.strictObject({ code, name: z.string().max(200).optional().describe('said again in the answer') }),
        )
        .min(1)
        .max(LIMITS.functions)
        .describe('functions, each by itself'),
    }),
    run: async ({ functions }, signal) => {
      const characters = functions.reduce((sum, one) => sum + one.code.length, 0);
      if (characters > LIMITS.codeCharacters) {
        throw new VultuneError(
          'MCP_TOO_LARGE',
          `the functions have ${characters} characters together, at most ${LIMITS.codeCharacters} are scored in a call`,
          { hint: 'Call the tool several times.' },
        );
      }
      const judge = await scoring.model.open();
      const { scores, truncated } = await judge.judge(
        functions.map((one) => one.code),
        { signal },
      );
      const facts = modelFacts(options);
      const { textsCaution } = scoring.scale;
      return {
        model: textsCaution === undefined ? facts : { ...facts, cautions: [...facts.cautions, textsCaution] },
        functions: functions.map(({ name }, i) => ({ name, ...verdict(scores[i]!, truncated[i]!, scoring) })),
      };
    },
  });
}

function explainLines(options: AgentToolsOptions): AgentTool {
  const { scoring, root } = options;
  return agentTool({
    name: 'explain_lines',
    title: 'Explain the lines of a function',
    description:
      `Says which lines of a function made its score: ${LINE_SCORES[scoring.kind]}. Large values ` +
      'point at what the model looked at, which need not be the fault.',
    input: z.strictObject({
      path,
      line: z.int().min(1).max(10_000_000).optional().describe('a line of the function, 1-based'),
      function: z
        .string()
        .min(1)
        .max(1000)
        .optional()
        .describe(
          'its name, with or without its owners; without name and line: the highest-scoring function of the file',
        ),
    }),
    run: async (input, signal) => {
      const file = sourceFile(root, input.path);
      const { functions, noticed } = await scored(file, options, signal, (outline, text) =>
        chosen(outline, text, input),
      );
      const [first] = functions;
      if (first === undefined) {
        const sought = input.function ?? (input.line === undefined ? 'any' : `line ${input.line}`);
        throw new VultuneError(
          'MCP_FUNCTION',
          `no function was found in ${input.path} (${sought.slice(0, 200)})`,
          {
            hint: ['scan_file lists the functions of a file.', ...noticed].join(' '),
          },
        );
      }
      const [explained = []] = await scoring.model.explain([first.context + first.code], signal);
      const scores = Array.from(explained).slice(linesOf(first.context).length - 1);
      const texts = linesOf(first.code);
      const lines = scores
        .map((score, i) => ({
          line: first.outline.startLine + i,
          score,
          text: texts[i] ?? '',
        }))
        .filter(({ score }) => score > 0)
        .toSorted((a, b) => b.score - a.score)
        .slice(0, LIMITS.lines)
        .map(({ text, score, ...rest }) => {
          return { ...rest, score: Number(score.toPrecision(4)), text: text.slice(0, LIMITS.lineCharacters) };
        });
      return {
        model: modelFacts(options),
        file: pathInWorkspace(root, file.path),
        ...functionJson(first, scoring),
        lines,
      };
    },
  });
}

function triageSarif(options: AgentToolsOptions): AgentTool {
  const { scoring, root, run, context } = options;
  return agentTool({
    name: 'triage_sarif',
    title: "Rank another scanner's findings",
    description:
      'Ranks the findings of a SARIF file of another scanner by the score of the function that each stands in. Findings without a ' +
      'score are counted in the notes, with the reason: they are not safe. The file is not changed.',
    input: z.strictObject({ path, top }),
    run: async (input, signal) => {
      const file = fileInWorkspace(root, input.path);
      const log = readSarif(file, LIMITS.sarifBytes);
      const { report } = await triageLog(
        log,
        scoring,
        { run, log: input.path, root },
        { ...context, signal },
      );
      signal.throwIfAborted();
      return { model: modelFacts(options), ...triageJson(report, input.top) };
    },
  });
}

/** Throws MCP_PATH, MCP_LANGUAGE. */
function sourceFile(root: string, given: string): SourceFile {
  const real = fileInWorkspace(root, given);
  const language = languageOfPath(real);
  if (language !== undefined) return { path: real, language, isNamed: true };
  throw new VultuneError('MCP_LANGUAGE', `${given.slice(0, 200)} is not a source file of a known language`, {
    where: { file: given.slice(0, 200) },
    hint: 'Functions are read in JavaScript, TypeScript, Java, C, C++, Python, Go, PHP, C#, Ruby, Rust, Kotlin and Scala.',
  });
}

/** The functions of a file with their scores, highest first, and what the reader has to know of the others. */
async function scored(
  file: SourceFile,
  { scoring, root, context }: AgentToolsOptions,
  signal: AbortSignal,
  choose?: (outline: FileOutline, text: string) => readonly FunctionOutline[],
) {
  const notices = new Notices();
  const functions: ScannedFunction[] = [];
  await scoreFiles(
    scoring,
    {
      files: [file],
      notices,
      ...(choose === undefined ? {} : { choose: (_file, outline, text) => choose(outline, text) }),
      onFunction: (one) => functions.push(one),
      onSuppressionProblem: () => {},
    },
    { ...context, signal },
  );
  // What was stopped is incomplete, and an answer would read as whole.
  signal.throwIfAborted();
  const noticed = notices
    .list((one) => pathInWorkspace(root, one))
    .map(({ reason, count, examples }) => {
      const [outcome, one, several] = NOTICED[reason];
      return `${outcome === '' ? '' : `${outcome}: `}${count} ${count === 1 ? one : several} (${examples.join(', ')}).`;
    });
  return { functions: functions.toSorted((a, b) => b.score.score - a.score.score), noticed };
}

function chosen(
  outline: FileOutline,
  text: string,
  { line, function: name }: { readonly line?: number | undefined; readonly function?: string | undefined },
): readonly FunctionOutline[] {
  const named =
    name === undefined
      ? outline.functions
      : outline.functions.filter((one) => one.name === name || one.name.endsWith(`.${name}`));
  if (line === undefined) return named;
  const found = regionFunctions(
    { startLine: line },
    fileFunctions(text, { ...outline, functions: named }),
    'utf16CodeUnits',
  );
  return 'functions' in found ? found.functions : [];
}

function functionJson({ outline, score }: ScannedFunction, scoring: Scoring): object {
  const { name, startLine, endLine, suppression } = outline;
  return {
    function: name,
    startLine,
    endLine,
    ...verdict(score.score, score.truncated, scoring),
    ...suppressionJson(suppression),
  };
}

/** One whose day is past holds no longer, as in a scan. */
function suppressionJson(suppression: Suppression | undefined): object {
  if (suppression === undefined) return {};
  const { reason, until } = suppression;
  if (until === undefined) return { suppression: reason };
  return isPast(until, new Date())
    ? { expiredSuppression: reason, heldUntil: until }
    : { suppression: reason, until };
}

function verdict(score: number, truncated: boolean, { scale }: Scoring): object {
  return { score, aboveThreshold: score >= scale.threshold, band: bandOf(score, scale), truncated };
}
