/**
 * @file The public API of the package `vultune`: everything that the command line does, for a program. Each function takes plain
 * options with defaults, and a context: a signal to stop, and a reporter that is told how it goes. Without a context nothing is
 * reported.
 *
 * @example
 * ```ts
 * import { evaluate, openJudge, train } from 'vultune';
 *
 * await train({ base_model: 'models/base', train_file: 'train.jsonl', valid_file: 'valid.jsonl', output_dir: 'runs/first' });
 * const { evaluated } = await evaluate({ runs: ['runs/first'], data: 'test.jsonl' });
 * const judge = await openJudge('runs/first');
 * const { scores } = await judge.judge(['int f(char *s) { return system(s); }']);
 * await judge.close();
 * ```
 */
export { type ErrorPlace, VultuneError } from './base/errors.ts';
export type { TrainConfig, TrainOptions } from './config/train-config.ts';
export type { GatherShardResult } from './dataset/builder/shards/gather-shard.ts';
export type { CweProbability } from './evaluation/cwe/cwe-probability.ts';
export type { CweEvaluation } from './evaluation/cwe/evaluate-cwe.ts';
export type { GenerateOptions } from './generation/generate-options.ts';
export type { Generated } from './generation/generated.ts';
export type { Generator, ScoreNextTokenOptions } from './generation/generator.ts';
export type {
  ExplainableJudgements,
  ExplainingJudge,
  Judge,
  Judgements,
  JudgeOptions,
  TokenRelevance,
} from './judging/judge.ts';
export type { Finding, ScanReport } from './scan/finding.ts';
export type { Shard } from './shards/shard.ts';
export type { ChatMessage } from './text/chat/chat-message.ts';
export type { ChatTemplate } from './text/chat/chat-template.ts';
export { type RenderOptions, renderChat, renderChats } from './text/chat/render-chat.ts';
export type { TriagedFinding, TriageReport } from './triage/triaged.ts';
export {
  type BuildDatasetOptions,
  type BuildShardOptions,
  buildDataset,
  buildDatasetShard,
} from './workflows/build-dataset/build-dataset.ts';
export { type ComparedRuns, type CompareOptions, compare } from './workflows/compare/compare.ts';
export {
  type Reporter,
  type RunningTask,
  silent,
  type Task,
  type TaskState,
  type WorkflowContext,
} from './workflows/context.ts';
export { evaluate } from './workflows/evaluate/evaluate.ts';
export type { EvaluateOptions } from './workflows/evaluate/evaluate-options.ts';
export type { EvaluatedRun, Evaluation } from './workflows/evaluate/evaluation.ts';
export type { ResamplingOptions } from './workflows/evaluate/resampling-options.ts';
export type { RunExperimentOptions } from './workflows/experiment/experiment-options.ts';
export { type ExperimentResult, runExperiment } from './workflows/experiment/run-experiment.ts';
export { exportModel } from './workflows/export/export-model.ts';
export type { Exported, ExportOptions } from './workflows/export/export-options.ts';
export { type GeneratedText, type GenerateTextOptions, generate } from './workflows/generate/generate.ts';
export { type OpenGeneratorOptions, openGenerator } from './workflows/generate/open-generator.ts';
export { lines } from './workflows/lines/lines.ts';
export type { ExplainedFunction, LinesOptions, LinesResult } from './workflows/lines/lines-options.ts';
export type { DeviceOptions, OpenDetectorOptions } from './workflows/open/open-detector.ts';
export { type OpenJudge, openJudge } from './workflows/open/open-judge.ts';
export type { PrecisionDrift, PrecisionOptions } from './workflows/open/precision.ts';
export type { Precision } from './workflows/open/precision-names.ts';
export type { EstimatedChange, TrainingEstimate } from './workflows/plan/estimate.ts';
export { plan, type RunPlan } from './workflows/plan/plan.ts';
export { type Prediction, type PredictOptions, predict } from './workflows/predict/predict.ts';
export {
  type MergePredictionsOptions,
  mergePredictions,
  type PredictShardOptions,
  type PredictShardResult,
  predictShard,
} from './workflows/predict/predict-shards.ts';
export { type ProbedLayer, type ProbeOptions, type ProbeResult, probe } from './workflows/probe/probe.ts';
export { prompt } from './workflows/prompt/prompt.ts';
export type { PromptOptions, PromptResult } from './workflows/prompt/prompt-options.ts';
export {
  type MergePromptsOptions,
  mergePrompts,
  type PromptShardOptions,
  type PromptShardResult,
  promptShard,
} from './workflows/prompt/prompt-shards.ts';
export { type ReportOptions, writeReport } from './workflows/report/report.ts';
export { scan } from './workflows/scan/scan.ts';
export type {
  ScanOptions,
  ScanResult,
  ScanShardOptions,
  ScanShardResult,
} from './workflows/scan/scan-options.ts';
export { scanShard } from './workflows/scan/scan-shards.ts';
export type { ServeRunsOptions, ServeScanOptions } from './workflows/serve/serve-options.ts';
export { serveRuns } from './workflows/serve/serve-runs.ts';
export { type ScanService, serveScan } from './workflows/serve/serve-scan.ts';
export type { TorchOptions } from './workflows/torch/train-with-torch.ts';
export { type ResumeOptions, resumeTraining } from './workflows/train/resume.ts';
export { train } from './workflows/train/train.ts';
export type { TrainResult } from './workflows/train/train-into.ts';
export { triage } from './workflows/triage/triage.ts';
export type { TriageOptions, TriageResult } from './workflows/triage/triage-options.ts';
export {
  type Verification,
  type VerifiedFolder,
  type VerifyOptions,
  verify,
} from './workflows/verify/verify.ts';
