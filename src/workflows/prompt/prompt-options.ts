/** @file What `vultune prompt` takes and gives. */
import type { Columns } from '../../dataset/formats/field-mapping.ts';
import type { PromptedSettings } from '../../judging/prompted-run.ts';
import type { AnswerTable } from '../../prompting/answer-table.ts';
import type { UsageTotals } from '../../prompting/endpoint/endpoint-prompter.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { ResamplingOptions } from '../evaluate/resampling-options.ts';
import type { DeviceOptions } from '../open/open-detector.ts';
import type { EndpointOptions } from '../open/open-prompted.ts';

export interface PromptOptions
  extends DeviceOptions,
    ResamplingOptions,
    Pick<EndpointOptions, 'jobs' | 'timeoutMs' | 'sleep'> {
  /** A folder, a GGUF file, a package or an id on the hub, or a run of a language model; at an endpoint a model's name. */
  readonly model: string;
  readonly revision?: string | undefined;
  /** The id of a shipped prompt, or a YAML file. */
  readonly prompt: string;
  /** Functions with labels. */
  readonly data: string;
  readonly fields?: Columns | undefined;
  /** Fits the baselines. */
  readonly train?: string | undefined;
  /** Only the first functions of the file. Default: all. */
  readonly limit?: number | undefined;
  /** Address of an OpenAI-compatible server, up to /v1. Default: the model runs here. */
  readonly endpoint?: string | undefined;
  /** `odds` of the first token, or keywords of a generated `text`. Default: `odds`. */
  readonly answer?: 'odds' | 'text' | undefined;
  /** Tokens that are read: of prompt and function here, of the function at an endpoint. Default: as the model allows. */
  readonly maxLength?: number | undefined;
  /** Most tokens of an answer. Default: 16 with odds, which need one; 128 with a text. */
  readonly maxNewTokens?: number | undefined;
  /** A model whose tokenizer counts the tokens of calls; default: an estimate by characters. */
  readonly tokenizer?: string | undefined;
  /** YAML with the user's prices. */
  readonly prices?: string | undefined;
  /** In the currency of the prices: no call is made that may go over it. */
  readonly maxCost?: number | undefined;
  /** Only count calls, tokens and price. Default: false. */
  readonly dryRun?: boolean | undefined;
  /** An unclassified.csv with labels of a person. */
  readonly labels?: string | undefined;
  /** Use and keep answers of before. Default: true. */
  readonly cache?: boolean | undefined;
  /** A new folder for a run. Default: nothing is kept but the answers. */
  readonly out?: string | undefined;
}

/** What calls to an endpoint take, before they are made. */
export interface ExpectedCalls {
  readonly calls: number;
  /** Answers that are there already. */
  readonly cached: number;
  readonly promptTokens: number;
  /** At most. */
  readonly completionTokens: number;
  /** How tokens are counted, in words. */
  readonly counted: string;
  /** At most; undefined without prices. */
  readonly cost: { readonly amount: number; readonly currency: string } | undefined;
}

export interface PromptUsage extends UsageTotals {
  readonly counted: string;
  readonly cost: { readonly amount: number; readonly currency: string } | undefined;
}

export interface PromptResult {
  readonly settings: PromptedSettings;
  /** Undefined for a model that runs here. */
  readonly expected: ExpectedCalls | undefined;
  /** Undefined after a dry run. */
  readonly answered: PromptAnswered | undefined;
}

export interface PromptAnswered {
  readonly table: AnswerTable;
  /** Answers that a person labelled. */
  readonly labelled: number;
  readonly evaluation: Evaluation;
  /** Undefined for a model that runs here. */
  readonly usage: PromptUsage | undefined;
  readonly seconds: number;
}
