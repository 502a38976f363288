/** @file What every export is made of: the run's model and adapter, opened, and what is known of them beside their weights. */
import { type AdapterHeader, type LoadedAdapter, loadAdapter } from '../../adapters/files/adapter-files.ts';
import type { TokenizerDefinition } from '../../checkpoint/checkpoint.ts';
import { ELEMENT_BYTES } from '../../checkpoint/element-types.ts';
import { readTokenizer } from '../../checkpoint/tokenizer-files.ts';
import { readBlend } from '../../evaluation/blend/blend-file.ts';
import { rawThreshold } from '../../evaluation/calibration/raw-threshold.ts';
import { checkHeadWeights } from '../../heads/check-head-weights.ts';
import type { Head } from '../../heads/head.ts';
import { adapterScale } from '../../judging/adapter-scale.ts';
import { adapterTask } from '../../judging/adapter-task.ts';
import { Detector } from '../../judging/detector.ts';
import { baseModelReference } from '../../judging/locate-adapter.ts';
import { layerMatrices } from '../../model/matrices.ts';
import type { Pooling } from '../../model/spec.ts';
import type { FunctionReader } from '../../network/function-reader.ts';
import { type MergedTensors, mergedTensors } from '../../network/merged-tensors.ts';
import type { OpenModel } from '../../network/open-model.ts';
import type { CardQuestion } from '../../report/card-question.ts';
import { ortBackend } from '../../runtime/ort/ort-backend.ts';
import type { HostTensor } from '../../tensor/host-tensor.ts';
import { type MatrixDecoder, matrixDecoder } from '../../weights/decoded-matrix.ts';
import type { WeightFormat } from '../../weights/weight-format.ts';
import type { WorkflowContext } from '../context.ts';
import { findAdapter } from '../open/find-adapter.ts';
import { openTrainedModel } from '../open/open-base-model.ts';
import type { DeviceOptions } from '../open/open-detector.ts';
import { cardQuestion } from '../train/transformers-class.ts';

export interface ExportSource {
  readonly header: AdapterHeader;
  readonly model: OpenModel;
  readonly head: Head;
  readonly reader: FunctionReader;
  /** What the language model itself is asked, where it answers; undefined for a classifier. */
  readonly question: CardQuestion | undefined;
  /** `last` where the language model answers. */
  readonly pooling: Pooling;
  /** Layers of the classifier before its last matrix. */
  readonly topLayers: number;
  /** The run's products round activations, which no export does. */
  readonly roundsActivations: boolean;
  readonly tensors: MergedTensors;
  /** The adapter's own, or the model's. */
  readonly tokenizer: TokenizerDefinition;
  /** How the model is to be used. */
  readonly use: ModelUse;
  /** The run itself, for comparing. */
  readonly detector: Detector;
  /** What a user should know, whatever is written: a sentence each. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/** All that a reader needs for the run's scores beside the weights; JSON. */
export interface ModelUse {
  readonly base_model: string;
  readonly labels: readonly ['safe', 'vulnerable'];
  readonly pooling: Pooling;
  readonly max_length: number;
  readonly long_functions: 'truncate' | 'head_tail' | 'drop';
  /** On the scale of calibrated scores. */
  readonly threshold: number;
  /** The same on the softmax of the logits. */
  readonly raw_threshold: number;
  /** Softmax → probability; null where scores are the softmax itself. */
  readonly calibration: Readonly<Record<string, unknown>> | null;
  /** Token ids around the code, and the first token of each answer; missing for a classifier. */
  readonly question?: {
    readonly before: readonly number[];
    readonly after: readonly number[];
    /** [safe, vulnerable] */
    readonly answers: readonly { readonly token: number; readonly text: string }[];
    /** Tokens of max_length that are not the code's. */
    readonly asked_tokens: number;
  };
}

/** Throws for a run that can't be used. */
export async function openExportSource(
  run: string,
  { device = 'cpu', numThreads }: DeviceOptions,
  context: WorkflowContext,
): Promise<ExportSource> {
  const header = await findAdapter(run, context);
  const model = await openTrainedModel(header, device, context);
  try {
    const { spec, checkpoint, weights } = model;
    const { format } = weights;
    const { pooling, reader, question: asked, judgement } = adapterTask(header, model);
    const stored = header.settings?.question;
    const question =
      asked === undefined || stored === undefined
        ? undefined
        : cardQuestion({ reader, asked: { stored, question: asked } }, model);
    const topLayers = question === undefined ? (header.settings?.topMlpLayers ?? 0) : 0;
    const { head } = judgement(0);
    checkHeadWeights(checkpoint, head);
    const adapter: LoadedAdapter = await loadAdapter(header, spec, head);
    const backend = await ortBackend({ device, threads: numThreads });
    const detector = await Detector.open(model, header, { backend, blend: 'off' });
    const decoder = format.isQuantized === true ? matrixDecoder(format, backend) : undefined;
    const tokenizer = (await readTokenizer(header.folder)) ?? checkpoint.tokenizer;
    if (tokenizer === undefined) throw new Error('internal error: a model without a tokenizer was opened');
    return {
      header,
      model,
      head,
      reader,
      question,
      pooling,
      topLayers,
      roundsActivations: format.multipliesIntegers === true,
      tensors: mergedTensors(model, adapter, head, trainedOn(model, decoder)),
      tokenizer,
      use: useOf(header, detector, pooling, question),
      detector,
      notes: [...dequantised(model), ...decoded(format), ...leftOut(header)],
      close: async () => {
        await decoder?.release();
        await detector.close();
      },
    };
  } catch (error) {
    await model.checkpoint.close();
    throw error;
  }
}

/** Weights as the adapter was trained beside them: matrices of blocks as their format's codes stand for them. */
function trainedOn({ checkpoint, spec }: OpenModel, decoder: MatrixDecoder | undefined) {
  const matrices = new Set(layerMatrices(spec).map(({ name }) => `${name}.weight`));
  return async (name: string): Promise<HostTensor<'float32'>> => {
    const weight = await checkpoint.read(name);
    return decoder === undefined || !matrices.has(name) ? weight : await decoder.decode(weight, name);
  };
}

function decoded({ isQuantized, describe }: WeightFormat): string[] {
  if (isQuantized !== true) return [];
  return [
    `The adapter was trained beside quantised weights (${describe}): exported are the numbers that their codes stand for, dequantised, and the adapter in them.`,
  ];
}

function useOf(
  header: AdapterHeader,
  detector: Detector,
  pooling: Pooling,
  question: CardQuestion | undefined,
): ModelUse {
  const { threshold, calibration } = adapterScale(header, 'off');
  return {
    base_model: baseModelReference(header),
    labels: ['safe', 'vulnerable'],
    pooling,
    max_length: detector.maxLength,
    long_functions: header.settings?.longFunctions ?? 'truncate',
    threshold,
    raw_threshold: rawThreshold(calibration, threshold),
    calibration: calibration === undefined ? null : { ...calibration },
    ...(question === undefined ? {} : { question: questionUse(question) }),
  };
}

const questionUse = ({
  before,
  after,
  answers,
  askedTokens,
}: CardQuestion): ModelUse['question'] & object => ({
  before,
  after,
  answers,
  asked_tokens: askedTokens,
});

/** Formats of plain numbers: all others are quantised. */
const isPlain = (dtype: string) => Object.hasOwn(ELEMENT_BYTES, dtype);

function dequantised({ checkpoint }: OpenModel): string[] {
  const kinds = new Set([...checkpoint.tensors.values()].flatMap(({ storedDtype }) => storedDtype ?? []));
  const quantised = [...kinds].filter((kind) => !isPlain(kind));
  if (quantised.length === 0) return [];
  return [
    `The base model is quantised (${quantised.join(', ')}): its weights are exported as the numbers that the adapter was trained on, dequantised, and take more room.`,
  ];
}

/** What Vultune adds to the model's own scores. */
function leftOut({ folder }: AdapterHeader): string[] {
  const { blend } = readBlend(folder) ?? {};
  const parts =
    'The blend with TF-IDF and length, and the weakness types (CWE) of the run, are not a part of the model';
  return blend?.used === true
    ? [
        `${parts}. scan and predict use this run's blend, so their scores differ from the exported model's: vultune predict --no-blend gives the same.`,
      ]
    : [`${parts}.`];
}
