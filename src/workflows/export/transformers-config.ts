/** @file config.json of an exported checkpoint: the base model's, with the classifier in it and without what is gone. */
import type { FloatDtype } from '../../checkpoint/safetensors-stream.ts';
import type { Model } from '../../model/spec.ts';
import type { ExportSource } from './export-source.ts';
import type { Reading } from './transformers-class.ts';

/** What families call the number of layers. */
const LAYER_KEYS = ['num_hidden_layers', 'n_layer', 'num_layers'];

/** Weights are plain numbers now; what names the files' origin or release would be untrue. */
const GONE = ['quantization_config', 'torch_dtype', 'dtype', '_name_or_path', 'transformers_version'];

export interface ConfigChoice {
  readonly dtype: FloatDtype;
  readonly reading: Reading;
  /** Where the base model names none, and its tokenizer has a token that no text ends with. */
  readonly padTokenId: number | undefined;
}

export function transformersConfig(
  { model, pooling, use }: Pick<ExportSource, 'model' | 'pooling' | 'use'>,
  { dtype, reading, padTokenId }: ConfigChoice,
): Record<string, unknown> {
  const { config } = model.checkpoint;
  const kept = Object.fromEntries(Object.entries(config).filter(([key]) => !GONE.includes(key)));
  // Code that is published with a model is run only where nothing else can.
  if (reading.architecture !== undefined && !runsPublishedCode(model)) delete kept.auto_map;
  const layerCount = model.spec.layers.length;
  const keys = LAYER_KEYS.filter((key) => key in kept);
  const { layer_types: types } = kept;
  return {
    ...kept,
    ...Object.fromEntries((keys.length === 0 ? ['num_hidden_layers'] : keys).map((key) => [key, layerCount])),
    ...(Array.isArray(types) && { layer_types: types.slice(0, layerCount) }),
    ...(reading.architecture !== undefined && { architectures: [reading.architecture] }),
    ...(model.spec.heads.encoder?.poolsAsConfigured === true && {
      classifier_pooling: pooling === 'mean' ? 'mean' : 'cls',
    }),
    ...(padTokenId !== undefined && { pad_token_id: padTokenId }),
    ...(reading.kind === 'causal' ? headFields(model.spec) : labelFields(use.labels)),
    dtype,
  };
}

const labelFields = (labels: readonly string[]) => ({
  num_labels: labels.length,
  id2label: Object.fromEntries(labels.map((label, id) => [id, label])),
  label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
  problem_type: 'single_label_classification',
});

/** A config.json may leave it to the default of a class, and one of a GGUF file has no such field. */
const headFields = ({ heads, embedding }: Model) => ({
  tie_word_embeddings: heads.languageModel === embedding.tokens,
});

/** The base model is of a kind whose own code computes it (`auto_map`), and not Transformers'. */
export const runsPublishedCode = ({ checkpoint, spec }: ExportSource['model']): boolean =>
  spec.heads.lacksClassifier === true && checkpoint.config.auto_map !== undefined;
