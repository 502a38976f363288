/** @file A fine-tuned model ready to judge functions: base model, adapter, and how it was trained to be used. */
import { type AdapterHeader, loadAdapter } from '../adapters/files/adapter-files.ts';
import { loadCweHead, readCweHead, type StoredCweHead } from '../adapters/files/cwe-head-files.ts';
import { VultuneError } from '../base/errors.ts';
import { blendScores } from '../evaluation/blend/blend.ts';
import { calibrateAll } from '../evaluation/calibration/calibration.ts';
import { checkHeadWeights } from '../heads/check-head-weights.ts';
import type { EncodedFunction } from '../network/encode-functions.ts';
import type { FunctionReader, ReadOptions } from '../network/function-reader.ts';
import { differingPart, modelIdentity } from '../network/model-identity.ts';
import { Network } from '../network/network.ts';
import type { OpenModel } from '../network/open-model.ts';
import { requireMaxLength } from '../network/require-max-length.ts';
import { scoreFunctions } from '../network/score-functions.ts';
import { keepAll } from '../packing/fit-length.ts';
import { packSequence } from '../packing/pack-sequence.ts';
import { planInference } from '../packing/plan.ts';
import { separateFunctions } from '../packing/units.ts';
import type { Backend } from '../runtime/backend.ts';
import { likelyCwes } from '../tasks/classify-with-cwe.ts';
import type { Judgement } from '../tasks/task.ts';
import { type HostTensor, hostTensor } from '../tensor/host-tensor.ts';
import type { TokenTexts } from '../text/token-lines.ts';
import { type AdapterScale, adapterScale, type BlendChoice } from './adapter-scale.ts';
import { adapterTask } from './adapter-task.ts';
import {
  requireFiniteLogits,
  requireFiniteRelevance,
  requireProbabilities,
  type ScoredFunctions,
} from './finite-scores.ts';
import type { ExplainableJudgements, ExplainingJudge, JudgeOptions, TokenRelevance } from './judge.ts';

export interface DetectorOptions {
  readonly backend: Backend;
  /** Instead of the adapter's own; without either 0.5. */
  readonly threshold?: number | undefined;
  /** Instead of the adapter's own; without either the model's. */
  readonly maxLength?: number | undefined;
  /** Whose scores are given. Default: `auto`. */
  readonly blend?: BlendChoice | undefined;
  /** Whether CWEs are named where the adapter has a head for it. Default: `auto`. */
  readonly cweHead?: CweHeadChoice | undefined;
}

/** `auto`: where the head beat the most frequent class on validation. `always`: to measure it. */
export type CweHeadChoice = 'auto' | 'always';

/** What a classifier says beside its judgements. */
export interface DetectorJudgements extends ExplainableJudgements {
  /** [functions, 2] */
  readonly logits: Float32Array;
  /** [functions] the softmax of the logits; the scores themselves without calibration and blend. */
  readonly rawScores: Float64Array;
}

export interface DetectorJudgeOptions extends JudgeOptions {
  /**
   * Whether a pass of the model is made, by the functions that go through it together; those of any other pass are judged by logits of 0,
   * which say nothing. What goes through together is as without it, to the last bit of every score. Asked about all passes before the
   * first is made.
   */
  readonly takesPass?: ((functions: readonly number[]) => boolean) | undefined;
}

/** Tokens of one pass: enough to keep two cores busy, little memory. */
const TOKENS_PER_BATCH = 1024;

interface DetectorParts {
  readonly network: Network;
  readonly reader: FunctionReader;
  readonly judgement: Judgement;
}

export class Detector implements ExplainingJudge {
  readonly threshold: number;
  readonly maxLength: number;
  /** What makes `scores` of `rawScores`; the threshold is on it. */
  readonly scale: AdapterScale;
  /** Undefined where its judgements name no CWEs. */
  readonly cweHead: StoredCweHead | undefined;
  readonly #model: OpenModel;
  readonly #network: Network;
  readonly #judgement: Judgement;
  readonly #header: AdapterHeader;
  readonly #reader: FunctionReader;
  readonly #tokenTexts: TokenTexts = new Map();

  private constructor(
    model: OpenModel,
    { network, reader, judgement }: DetectorParts,
    header: AdapterHeader,
    cweHead: StoredCweHead | undefined,
    options: DetectorOptions,
  ) {
    const { settings } = header;
    this.#model = model;
    this.#network = network;
    this.#judgement = judgement;
    this.#header = header;
    this.cweHead = cweHead;
    this.#reader = reader;
    this.scale = adapterScale(header, options.blend);
    this.threshold = options.threshold ?? this.scale.threshold;
    this.maxLength = options.maxLength ?? settings?.maxLength ?? model.spec.maxPositions;
    requireMaxLength(model, this.maxLength);
    // A question that leaves no room for code is said now, not at the first function.
    reader.encode([''], this.#reading);
  }

  /**
   * Throws ADAPTER_MISMATCH when the adapter was trained on another model, MAX_LENGTH_TOO_LARGE, and what loadAdapter throws.
   */
  static async open(model: OpenModel, header: AdapterHeader, options: DetectorOptions): Promise<Detector> {
    const { spec, weights } = model;
    requireSameModel(header, model);
    const { reader, judgement: judges } = adapterTask(header, model);
    const { head } = judges(0);
    checkHeadWeights(model.checkpoint, head);
    const { adapted, whole, parameters } = await loadAdapter(header, spec, head);
    const cweHead = askedCweHead(header, options.cweHead);
    const ofCwes = cweHead === undefined ? [] : await loadCweHead(cweHead, spec.hiddenSize);
    const network = new Network({
      model: spec,
      weights,
      adapted,
      whole,
      parameters: new Map([...parameters, ...ofCwes]),
      backend: options.backend,
      blocksPerStage: 1,
      activations: 'products',
    });
    const parts = { network, reader, judgement: judges(cweHead?.classes.length ?? 0) };
    return new Detector(model, parts, header, cweHead, options);
  }

  /**
   * Judges functions in the order given; none is left out.
   * @throws VultuneError SCORE_NOT_FINITE
   */
  async judge(codes: readonly string[], options: DetectorJudgeOptions = {}): Promise<DetectorJudgements> {
    const encoded = this.#encode(codes);
    const ids = encoded.map((one) => one!.ids);
    const computed = await scoreFunctions(this.#network, this.#judgement.head, ids, {
      tokensPerBatch: TOKENS_PER_BATCH,
      ...options,
    });
    // Where no pass is taken, none said how wide logits are.
    const logits = computed.shape[1] === 0 ? this.#noLogits(codes.length) : computed;
    const scored = this.#scored(codes, options);
    const classes = this.cweHead?.classes.map(({ id }) => id);
    requireFiniteLogits(logits.data, scored, logits.shape[1]);
    const rawScores = this.#judgement.scores(logits);
    const { blend, calibration } = this.scale;
    const scores =
      blend === undefined
        ? calibrateAll(calibration, rawScores)
        : blendScores(blend.blend, { codes, rawScores });
    requireProbabilities(scores, scored);
    const data = firstTwo(logits);
    const logOdds = Float64Array.from(codes, (_, i) => data[2 * i + 1]! - data[2 * i]!);
    return {
      logits: data,
      logOdds,
      scores,
      rawScores,
      truncated: encoded.map((one) => one!.truncated),
      ...(classes === undefined ? {} : { cwes: likelyCwes(logits, classes) }),
    };
  }

  /**
   * What each token read of a function says for "vulnerable": gradient x input of the margin between the two logits.
   * Functions in the order given.
   * @throws VultuneError SCORE_NOT_FINITE
   */
  async relevance(codes: readonly string[], options: JudgeOptions = {}): Promise<TokenRelevance[]> {
    const ids = this.#encode(codes).map((one) => one!.ids);
    const plan = planInference(separateFunctions(ids.map(({ length }) => length)), {
      tokensPerBatch: TOKENS_PER_BATCH,
    });
    const { head, evidence } = this.#judgement;
    const out: TokenRelevance[] = [];
    const done = { functions: 0, tokens: 0 };
    for (const { functions } of plan) {
      options.signal?.throwIfAborted();
      const sequence = packSequence(functions.map((index) => ids[index]!));
      const relevance = await this.#network.relevance(sequence, head, { objective: evidence, feeds: {} });
      for (const [row, index] of functions.entries()) {
        const own = Float32Array.from(sequence.layout.flatTokens[row]!, (token) => relevance[token]!);
        requireFiniteRelevance(own, index, this.#scored(codes, options));
        out[index] = { lines: this.tokenLines(codes[index]!), relevance: own };
        done.functions++;
        done.tokens += ids[index]!.length;
      }
      options.onProgress?.(done);
    }
    return out;
  }

  #noLogits(functions: number): HostTensor<'float32'> {
    const width = 2 + (this.cweHead?.classes.length ?? 0);
    return hostTensor('float32', [functions, width], new Float32Array(functions * width));
  }

  #scored(codes: readonly string[], { nameOf }: JudgeOptions): ScoredFunctions {
    return { codes, nameOf, adapterFolder: this.#header.folder };
  }

  /** The adapter's. */
  get folder(): string {
    return this.#header.folder;
  }

  /** [tokens] 0-based line of each token that is read of a function, cut as its ids are; -1 for special tokens and a question's. */
  tokenLines(code: string): Int32Array {
    return this.#reader.lines(code, this.#reading, this.#tokenTexts);
  }

  get #reading(): ReadOptions {
    const longFunctions = keepAll(this.#header.settings?.longFunctions ?? 'truncate');
    return { maxLength: this.maxLength, longFunctions };
  }

  /** None is dropped. */
  #encode(codes: readonly string[]): readonly (EncodedFunction | undefined)[] {
    return this.#reader.encode(codes, this.#reading);
  }

  /** The detector's own part alone: the model that it was opened on stays open. */
  async release(): Promise<void> {
    await this.#network.release();
  }

  async close(): Promise<void> {
    await this.release();
    await this.#model.checkpoint.close();
  }
}

/** Throws ADAPTER_CWE_HEAD. */
function askedCweHead({ folder }: AdapterHeader, choice: CweHeadChoice = 'auto'): StoredCweHead | undefined {
  const head = readCweHead(folder);
  return choice === 'always' || head?.used === true ? head : undefined;
}

/** [functions, 2] of [functions, width]: the logits of safe and vulnerable. */
function firstTwo({ data, shape: [functions, width] }: HostTensor<'float32'>): Float32Array {
  if (width === 2) return data;
  return Float32Array.from({ length: 2 * functions! }, (_, i) => data[(i >> 1) * width! + (i & 1)]!);
}

const PARTS = {
  weights: ['on another base model than this one', 'another revision, or another quantisation?'],
  configuration: [
    "with another config.json of the base model than this one's",
    'was it edited, or published again?',
  ],
  tokenizer: ['with another tokenizer than this one', 'were its files edited, or published again?'],
} as const;

/** Throws ADAPTER_MISMATCH. */
function requireSameModel({ folder, config, settings }: AdapterHeader, model: OpenModel): void {
  const part = settings === undefined ? undefined : differingPart(settings, modelIdentity(model));
  if (part === undefined) return;
  const [what, why] = PARTS[part];
  throw new VultuneError('ADAPTER_MISMATCH', `the adapter was trained ${what}`, {
    where: { file: folder, name: config.baseModel },
    hint: `${model.path} is not the model it was trained on: ${why}`,
  });
}
