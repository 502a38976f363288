/**
 * @file What a model knows before it is trained: a linear probe on the frozen states behind each of its layers, all layers in
 * one pass. Says how many layers to keep and which pooling to take.
 */
import type { Columns } from '../../dataset/formats/field-mapping.ts';
import { readLabelledDataset } from '../../dataset/formats/read-dataset.ts';
import { requireBothClasses } from '../../dataset/read-jsonl.ts';
import type { LabelledRecord } from '../../dataset/record.ts';
import {
  fitLinearProbe,
  type LinearProbe,
  type ProbeFeatures,
} from '../../evaluation/probing/linear-probe.ts';
import { classifier, readablePoolings } from '../../heads/classifier.ts';
import { soleMatrix } from '../../heads/sole-matrix.ts';
import { encodeFunctions } from '../../network/encode-functions.ts';
import { type LayerFeatures, layerFeatures, type Pooled } from '../../network/layer-features.ts';
import { Network } from '../../network/network.ts';
import { keepAll, type LongFunctions } from '../../packing/fit-length.ts';
import { ortBackend } from '../../runtime/ort/ort-backend.ts';
import { type WorkflowContext, workflowContext } from '../context.ts';
import { openBaseModel } from '../open/open-base-model.ts';
import type { DeviceOptions } from '../open/open-detector.ts';
import { reportReading } from '../reading-notes.ts';
import { withScoringProgress } from '../scoring-progress.ts';

export interface ProbeOptions extends DeviceOptions {
  /** As `base_model` of a training configuration. */
  readonly model: string;
  readonly revision?: string | undefined;
  /** Only the first K layers. Default: all. */
  readonly keepLayers?: number | undefined;
  /** Functions with labels that probes are fitted on. */
  readonly train: string;
  /** Functions with labels that they are measured on. */
  readonly valid: string;
  /** Record field → column of both; default: guessed by name. */
  readonly fields?: Columns | undefined;
  /** Tokens read of a function. Default: 512. */
  readonly maxLength?: number;
  /** Default: truncate. */
  readonly longFunctions?: LongFunctions;
}

export interface ProbedLayer {
  /** Layers below the states, this one included: what `keep_layers` would be. */
  readonly layers: number;
  /** By what the model's head can read of a function: `ProbeResult.poolings`. */
  readonly probes: Readonly<Partial<Record<Pooled, LinearProbe>>>;
}

export interface ProbeResult {
  readonly train: { readonly functions: number; readonly truncated: number };
  readonly valid: { readonly functions: number; readonly truncated: number };
  /** What a head of this model can read of a function: training takes no other. */
  readonly poolings: readonly Pooled[];
  /** From the lowest layer up. */
  readonly layers: readonly ProbedLayer[];
  /**
   * The highest ROC AUC on validation among all layers and poolings; the fewest layers of equal ones. `headInit`: `probe` where training
   * can begin the head with it, which has to be one matrix.
   */
  readonly best: {
    readonly layers: number;
    readonly pooling: Pooled;
    readonly headInit: 'probe' | 'random';
  };
}

/** Tokens of one pass: enough to keep the cores busy, little memory. */
const TOKENS_PER_BATCH = 1024;

/** @throws VultuneError for data or a model that cannot be used; the signal's reason */
export async function probe(options: ProbeOptions, given?: Partial<WorkflowContext>): Promise<ProbeResult> {
  const context = workflowContext(given);
  const { device = 'cpu', numThreads } = options;
  const [train, valid] = [
    await readPart(options.train, options.fields, context),
    await readPart(options.valid, options.fields, context),
  ];
  const backend = await ortBackend({ device, threads: numThreads });
  const model = await openBaseModel(options.model, options.revision, context, {
    keepLayers: options.keepLayers,
  });
  const network = new Network({
    model: model.spec,
    weights: model.weights,
    adapted: [],
    parameters: new Map(),
    backend,
    blocksPerStage: 1,
    activations: 'products',
  });
  try {
    const codes = [...train, ...valid].map(({ code }) => code);
    const encoded = encodeFunctions(model, codes, {
      maxLength: options.maxLength ?? 512,
      longFunctions: keepAll(options.longFunctions ?? 'truncate'),
      // Whatever is pooled: no token is left out at the end.
      pooling: 'mean',
    }).map((one) => one!);
    const features = await withScoringProgress('reading', codes.length, context.report, (onProgress) =>
      layerFeatures(
        network,
        model,
        encoded.map(({ ids }) => ids),
        {
          tokensPerBatch: TOKENS_PER_BATCH,
          signal: context.signal,
          onProgress: ({ functions }) => onProgress(functions),
        },
      ),
    );
    const poolings = readablePoolings(model.spec);
    const layers = await fitLayers(
      features,
      { train, valid, width: model.spec.hiddenSize, poolings },
      context,
    );
    const best = bestOf(layers, poolings);
    const head = classifier(model.spec, { classes: 2, pooling: best.pooling });
    const truncated = encoded.map((one) => one.truncated);
    const count = (flags: readonly boolean[]) => flags.filter(Boolean).length;
    return {
      train: { functions: train.length, truncated: count(truncated.slice(0, train.length)) },
      valid: { functions: valid.length, truncated: count(truncated.slice(train.length)) },
      poolings,
      layers,
      best: { ...best, headInit: soleMatrix(head) === undefined ? 'random' : 'probe' },
    };
  } finally {
    await network.release();
    await model.checkpoint.close();
  }
}

async function readPart(
  path: string,
  fields: Columns | undefined,
  { report }: WorkflowContext,
): Promise<readonly LabelledRecord[]> {
  const read = await readLabelledDataset(path, { fields });
  reportReading(path, read, report);
  requireBothClasses(read.records, path);
  return read.records;
}

interface ProbedParts {
  readonly train: readonly LabelledRecord[];
  readonly valid: readonly LabelledRecord[];
  readonly width: number;
  readonly poolings: readonly Pooled[];
}

async function fitLayers(
  features: readonly LayerFeatures[],
  { train, valid, width, poolings }: ProbedParts,
  { report, signal }: WorkflowContext,
): Promise<ProbedLayer[]> {
  const task = report.task({ label: 'fitting', total: features.length, unit: 'steps' });
  const part = (values: Float32Array, records: readonly LabelledRecord[], from: number): ProbeFeatures => ({
    values: values.subarray(from * width, (from + records.length) * width),
    width,
    labels: records.map(({ target }) => target),
  });
  try {
    const probed: ProbedLayer[] = [];
    for (const [index, ofLayer] of features.entries()) {
      // A signal is noticed between two tasks of the event loop.
      await new Promise(setImmediate);
      signal.throwIfAborted();
      const probeOf = (pooled: Pooled) =>
        fitLinearProbe(part(ofLayer[pooled], train, 0), part(ofLayer[pooled], valid, train.length));
      const probes = Object.fromEntries(poolings.map((pooled) => [pooled, probeOf(pooled)]));
      probed.push({ layers: index + 1, probes });
      task.update({ done: index + 1 });
    }
    return probed;
  } finally {
    task.stop();
  }
}

function bestOf(layers: readonly ProbedLayer[], poolings: readonly Pooled[]) {
  const all = layers.flatMap(({ layers: count, probes }) =>
    poolings.map((pooling) => ({ layers: count, pooling, rocAuc: probes[pooling]!.validation.rocAuc })),
  );
  const { layers: count, pooling } = all.reduce((best, one) => (one.rocAuc > best.rocAuc ? one : best));
  return { layers: count, pooling };
}
